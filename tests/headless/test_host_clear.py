"""What a host says of a session while `/clear` puts another one in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import running_api, turn
from tests.support.hosted import Held, hosted


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
