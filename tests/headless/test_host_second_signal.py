"""A process that is talked to, and is told to end twice: at once, and still with the result of its turn."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.processes import is_alive, linux_only
from tests.support.wire import wired

ENDS = {"hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "echo $$ > ending; sleep 50"}]}]}}
ENV = {"CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS": "60000"}


@linux_only
@pytest.mark.behaviour("B-2464")
def test_a_second_signal_leaves_the_result_of_the_turn(place: Place) -> None:
    """The turn that is under way ends the session, which is waited for by a hook that takes its time."""
    with fake_api([turn("One.")]) as api, wired(place, "--settings", json.dumps(ENDS), url=api.url, env=ENV) as wire:
        wire.say("first")
        wire.turn()
        wire.say("/clear")
        api.wait_until(lambda _: (place.project / "ending").exists())
        while wire.process.poll() is None:  # one that comes at once is taken for the same
            wire.process.terminate()
            try:
                wire.process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        (result,) = [frame for frame in wire.rest(ends=False) if frame["type"] == "result"]
        assert (result["is_error"], result["terminal_reason"]) == (True, "aborted_streaming")
        assert wire.process.returncode == 143 and wire.stderr == ""
    assert not is_alive(int((place.project / "ending").read_text(encoding="utf-8")))
