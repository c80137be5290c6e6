"""What a host says of a session while `/clear` puts another one in its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import running_api, turn
from tests.support.hosted import Held, hosted, said

FREEZES = """
import atexit, gc, os, runpy, sys
calls, freeze = [], gc.freeze
gc.freeze = lambda: (calls.append(1), freeze())
atexit.register(lambda: os.write(2, str(len(calls)).encode()))
sys.argv = ["coder", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]
runpy.run_module("coder", run_name="__main__")
"""


@pytest.mark.behaviour("B-2463")
async def test_what_is_set_meanwhile_counts_for_the_new_conversation(tmp_path: Path) -> None:
    script = [turn("One."), turn("Two."), turn("Three.")]
    opening = Held(lambda wanted: wanted.start is not None)
    async with running_api(script) as api:
        opens = hosted(tmp_path, api.url, opening=opening, permission_mode="default")
        async with opens as wire:
            wire.say("first")
            await wire.turn()
            assert await wire.ask("apply_flag_settings", settings={"effortLevel": "low"}) == {}
            wire.say("/clear")
            await opening.begun()
            assert await wire.ask("set_permission_mode", mode="plan") == {"mode": "plan"}
            assert await wire.ask("set_model", model="claude-opus-4-8") == {}
            opening.goes_on()
            await wire.turn()
            wire.say("second")
            init = (await wire.turn())[0]
            assert init["permissionMode"] == "plan"
            assert init["model"] == api.requests[1]["model"] == "claude-opus-4-8" and not api.violations
            assert api.requests[1]["output_config"]["effort"] == "low"


def test_nothing_of_the_conversation_before_is_kept_for_good(place: Place) -> None:
    """What is frozen is never collected: that is for what a start makes, and for nothing that comes later."""
    lines = "".join(json.dumps(said("/clear")) + "\n" for _ in range(3))
    done = subprocess.run(
        [sys.executable, "-c", FREEZES], cwd=place.project, env=place.env("http://127.0.0.1:9"), input=lines,
        capture_output=True, encoding="utf-8", timeout=DEADLINE, check=True,
    )  # fmt: skip
    assert done.stdout.count('"conversation_reset"') == 3 and done.stderr == "1"
