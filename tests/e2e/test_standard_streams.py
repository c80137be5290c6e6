"""Standard streams that are closed or full: one line says so, and nothing lands in a file of ours."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, rule, tool
from tests.support.processes import linux_only

pytestmark = pytest.mark.behaviour("B-054")

SAYS = {
    "rules": [
        rule({"last_tool_result_contains": "seen"}, "Done."),
        rule({}, tool("Bash", command="echo seen; echo unseen >&2")),
    ]
}


def coder(place: Place, redirect: str, *args: str, url: str | None = None) -> Done:
    """Runs it through a shell that redirects its streams first."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", *CODER, *args],
        cwd=place.project,
        env=place.env(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("redirect", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_with_closed_streams_is_a_run_like_any_other(place: Place, redirect: str) -> None:
    """But for its end where the answer had nowhere to go."""
    is_lost = ">&- " in f"{redirect} ".replace("2>&-", "")
    with fake_api(SAYS) as api:
        done = coder(place, redirect, "-p", "go", "--permission-mode", "bypassPermissions", url=api.url)
    said = "coder: the answer could not be written: Bad file descriptor. Read it with -c.\n"
    assert (done.code, done.stderr) == (int(is_lost), said if redirect == ">&-" else "")
    (path,) = place.transcripts()
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert coder(place, redirect, "sessions", "list").code == int(is_lost)
    asked = coder(place, redirect, "sessions", "rm", path.stem)
    assert asked.code == 2 and "Traceback" not in asked.stderr and path.exists()


@linux_only
@pytest.mark.parametrize("command", ["--version", "--help", "sessions list", "sessions show go", "config list"])
def test_a_full_disk_behind_the_output_is_said_on_one_line(place: Place, command: str) -> None:
    with fake_api([rule({}, "Done.")["reply"]]) as api:
        assert place.coder("-p", "go", url=api.url).code == 0
    done = coder(place, "> /dev/full", *command.split())
    assert (done.code, done.stderr) == (1, "coder: the output cannot be written: No space left on device\n")


def test_what_the_encoding_has_no_character_for_is_spelled_out(place: Place) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    with fake_api([rule({}, "宽 … ✓")["reply"]]) as api:
        said = place.coder("-p", "go", url=api.url, env=env)
    assert (said.code, said.stdout, said.stderr) == (0, "\\u5bbd ... ok\n", "")
    shown = place.coder("sessions", "show", "go", env=env)
    assert shown.code == 0 and "\\u5bbd ... ok" in shown.stdout
    assert place.coder("sessions", "show", "go", env={"PYTHONIOENCODING": "utf-8"}).stdout.endswith("宽 … ✓\n")
