"""A run that a nursery begins is told apart from one that began from nothing by nothing that a test looks at."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, rule, tool
from tests.support.processes import linux_only

pytestmark = linux_only

_LOOK = "env | grep -v ^CODER_SHELL= | sort; pwd; umask; readlink /proc/$PPID/cwd; ulimit -n"
_SAYS = {
    "rules": [
        rule({"last_tool_result_contains": "umask"}, "Done."),
        rule({}, tool("Bash", command=f"{_LOOK}; echo umask")),
    ]
}
_FREE = ("--permission-mode", "bypassPermissions", "--output-format", "stream-json", "--verbose")


def cold(place: Place, *args: str, url: str | None, given: bytes | None) -> Done:
    done = subprocess.run(
        [*CODER, *args], cwd=place.project, env=place.env(url), input=given, capture_output=True, timeout=DEADLINE
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def begun(place: Place, *args: str, url: str | None = None, given: bytes | None = None) -> Done:
    done = warm.run(args, place.project, place.env(url), given, DEADLINE)
    assert done is not None, "it began from nothing"
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def umask(place: Place) -> Iterator[None]:
    begun(place, "--version")  # else the nursery would begin with this one
    before = os.umask(0o27)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_it_is_given_what_a_process_is_given(place: Place) -> None:
    with fake_api(_SAYS) as api:
        found = [run(place, "-p", "look", *_FREE, url=api.url, given=b"piped \xc3\xa9\n") for run in (cold, begun)]
        asked = [body["messages"][0] for body in api.requests]
    said = [
        str([line["message"]["content"][0]["content"] for line in done.lines if line["type"] == "user"])
        for done in found
    ]
    assert said[0] == said[1] and "umask" in said[0]
    assert [done.code for done in found] == [0, 0] and found[0].stderr == found[1].stderr
    assert "piped é" in str(asked[0]) and asked[0] == asked[-1]


@pytest.mark.parametrize("args", [("-p", "--nonsense"), ("sessions", "show", "none"), ("--version",)])
def test_it_ends_as_it_would(place: Place, args: tuple[str, ...]) -> None:
    assert begun(place, *args) == cold(place, *args, url=None, given=None)


def test_what_takes_too_long_is_ended_and_the_next_one_runs(place: Place) -> None:
    with (
        fake_api({"rules": [rule({}, tool("Bash", command="sleep 60"))]}) as api,
        pytest.raises(subprocess.TimeoutExpired),
    ):
        warm.run(("-p", "x", *_FREE), place.project, place.env(api.url), None, 0.5)
    assert begun(place, "--version").code == 0


def test_what_python_reads_when_it_starts_begins_from_nothing(place: Place, tmp_path: Path) -> None:
    for name in ("PYTHONIOENCODING", "LC_ALL"):
        assert warm.run(("--version",), tmp_path, place.env(None, {name: "C"}), None, DEADLINE) is None
