"""Standard streams that cannot be read or written: the code is that of the table, and whoever waits for a result has
one where it can be written.
"""

from __future__ import annotations

import subprocess

import pytest

from tests.support import ends
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-2718")]


def run(place: Place, line: str) -> tuple[Done, int]:
    with fake_api([turn("Done.")]) as api:
        done = subprocess.run(
            ["/bin/sh", "-c", line, "sh", *CODER],
            cwd=place.project, env=place.env(api.url), stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", timeout=DEADLINE, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr), len(api.requests)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('"$@" -p hi --nope 2>/dev/full', 2),
        ('"$@" -p hi --nope >/dev/full 2>/dev/full', 2),
        ('"$@" -p hi -r nothing-like-it 2>/dev/full', 1),
        ('"$@" -p hi >/dev/full 2>/dev/full', 1),
        ('"$@" help nothing-like-it 2>/dev/full', 2),
    ],
)
def test_a_stderr_that_takes_nothing_changes_no_exit_code(place: Place, line: str, code: int) -> None:
    assert run(place, line)[0] == Done(code, "", "")


def test_a_remark_that_cannot_be_made_is_no_reason_to_end(place: Place) -> None:
    done, asked = run(place, '"$@" -p hi --output-format json 0>written 2>/dev/full')
    assert (done.code, done.result["result"], asked) == (0, "Done.", 1)


def test_an_input_that_cannot_be_read_is_done_without_or_asked_for(place: Place) -> None:
    done, asked = run(place, '"$@" -p hi 0>written')
    assert (done.code, done.stdout, asked) == (0, "Done.\n", 1) and "standard input cannot be read" in done.stderr
    done, asked = run(place, '"$@" -p --output-format json 0>written')
    (result,) = ends.results(done)
    assert (done.code, asked) == (2, 0) and "standard input cannot be read" in result["errors"][0]
    ends.check_told(done, "json", 2)


def test_a_file_that_fails_before_the_session_leaves_a_result(place: Place) -> None:
    (place.home / "loop").symlink_to("loop")
    done, _ = run(place, 'CODER_CONFIG_DIR="$HOME/loop" "$@" -p hi --output-format json')
    ends.check_told(done, "json", 1, 2)


def test_a_session_of_a_very_long_name_is_told_in_a_line(place: Place) -> None:
    done = place.coder("-p", "hi", "-r", "x" * 100_000, url="http://127.0.0.1:9")
    assert done.code == 1 and "No conversation found" in done.stderr and len(done.stderr) < 500
