"""A job that is told to stop, in each of its phases: nothing of it is left, and its exit code names the signal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import marked
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.jobs import Runner
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-2625")]
WAITS = "trap '' TERM INT HUP; echo > {ready}; sleep 300; touch {made}/late"
TOKEN = "ghs_0123456789abcdefghijABCDEFGHIJ012345"


def program(runner: Runner, name: str, when: str) -> None:
    """The real one, but for the one call in which it never ends."""
    runner.program(name, f'case " $* " in *" {when} "*) waits;; *) exec {shutil.which(name)} "$@";; esac\n')


@pytest.mark.parametrize(
    ("phase", "numbers"),
    [
        ("ground", (signal.SIGTERM,)),
        ("setup", (signal.SIGINT,)),
        ("setup", (signal.SIGHUP, signal.SIGTERM)),
        ("session", (signal.SIGTERM,)),
        ("end", (signal.SIGINT, signal.SIGTERM)),
        ("push", (signal.SIGTERM,)),
    ],
)
def test_a_job_that_is_stopped_leaves_nothing(
    place: Place, tmp_path: Path, phase: str, numbers: tuple[signal.Signals, ...]
) -> None:
    runner = Runner.make(place, tmp_path)
    repository = runner.repository
    repository.write("a.txt", "a\n")
    hook = {"type": "command", "command": "waits", "timeout": 60}
    repository.write(".claude/settings.json", json.dumps({"hooks": {"SessionEnd": [{"hooks": [hook]}]}}))
    if phase != "end":
        repository.write(".claude/settings.json", "{}")
    repository.commit("begin")
    before = repository.git("show-ref"), repository.git("status", "--porcelain")
    ready, log = tmp_path / "ready", tmp_path / "log"
    log.write_text("it fails")
    runner.program("waits", WAITS.format(ready=ready, made=runner.temporary))
    if phase in ("ground", "push"):
        program(runner, "git", "init" if phase == "ground" else "push")
    told = runner.temporary / "event.json"
    told.write_text(json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "o/r"}}))
    words = [sys.executable, "-m", "coder", "ci", "fix", "--base", "HEAD", "--log", str(log), "--push"]
    words += ["--allowed-tools", "Bash(*)"]
    words += ["--setup", "waits"] if phase == "setup" else []
    call = tool("Bash", command="waits" if phase == "session" else "echo b > a.txt")
    env = {
        marked.NAME: str(place.home),
        "RUNNER_TEMP": str(runner.temporary),
        "GITHUB_EVENT_PATH": str(told),
        "GH_TOKEN": TOKEN,
    }
    with fake_api([turn(call), turn("Done.")]) as api:
        path = os.pathsep.join((str(runner.programs), os.environ["PATH"]))
        started = subprocess.Popen(
            words,
            cwd=place.project,
            env=place.env(api.url, {**env, "PATH": path}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            end = time.monotonic() + DEADLINE
            while not ready.exists():
                assert started.poll() is None and time.monotonic() < end, started.communicate(timeout=1)
                time.sleep(0.01)
            for number in numbers:
                started.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    if phase == "end":  # what comes at once is the same signal once more
                        started.wait(0.6)
            said = started.communicate(timeout=DEADLINE)
        finally:
            started.kill()
    assert started.returncode == (0 if phase == "end" else 128 + numbers[0]), said  # the run itself was over
    assert "Traceback" not in said[1] and TOKEN not in "".join(said)
    assert phase in ("session", "end") or f"stopped by {numbers[0].name} before it was done" in said[1]
    assert runner.left == []
    marked.until_none(str(place.home))
    if phase != "push":
        assert (repository.git("show-ref"), repository.git("status", "--porcelain")) == before
    assert not list((place.project / ".git").rglob("*.lock"))
