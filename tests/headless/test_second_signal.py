"""The first signal is seen to with care; one that comes again ends the process at once, and still with its result."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.processes import is_alive, linux_only


@linux_only
@pytest.mark.behaviour("B-2279")
def test_a_second_signal_ends_it_at_once_with_the_result(place: Place) -> None:
    """The first one is waited for by a hook of the end that takes its time; whatever is left is ended too."""
    settings = {"hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "echo $$ > ending; sleep 50"}]}]}}
    env = {"CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS": "60000"}
    args = ("-p", "x", "--output-format", "json", "--settings", json.dumps(settings))
    with fake_api([turn("Never.", wait=50)], allow_violations=True) as api:
        process = place.start(*args, url=api.url, env=env)
        api.wait_until(lambda seen: len(seen.requests) == 1)
        process.terminate()
        api.wait_until(lambda _: (place.project / "ending").exists())
        while process.poll() is None:  # one that comes at once is taken for the same
            process.terminate()
            with_deadline(process)
        out, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, error) == (143, "") and json.loads(out)["terminal_reason"] == "aborted_streaming"
    pid = int((place.project / "ending").read_text(encoding="utf-8"))
    assert not is_alive(pid)


def with_deadline(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        return
