"""Attacks on what hosts may ask of a session that is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import running_api, turn
from tests.support.hosted import Held, hosted
from tests.support.plugged import bakery


@pytest.mark.behaviour("B-2801")
async def test_what_is_asked_while_plugins_are_read_again_is_asked_of_the_session_to_come(tmp_path: Path) -> None:
    bread, other = bakery(tmp_path / "bakery"), tmp_path / "project" / "other"
    (bread / ".mcp.json").unlink()
    other.mkdir(parents=True)
    opening = Held(lambda wanted: bool(wanted.plugins))
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url, opening=opening) as wire:
        wire.say("first")
        await wire.turn()
        reloads = wire.request("reload_plugins", add_plugins=[{"type": "local", "path": str(bread)}])
        await opening.begun()
        renames = wire.request("rename_session", title="of the person")
        adds = wire.request("register_repo_root", directory=str(other))
        assert await wire.ask("set_permission_mode", mode="plan") == {"mode": "plan"}  # counts for either
        opening.goes_on()
        for asked in (reloads, renames, adds):
            found = await wire.answer(asked)
            assert found["subtype"] == "success", found
        wire.say("second")
        assert (await wire.result())["result"] == "Two."
        rules = (await wire.ask("list_permission_rules"))["state"]
        assert [each["path"] for each in rules["workspaceDirectories"]] == [str(other)]
    (kept,) = (path for path in tmp_path.rglob("*.jsonl") if "first" in path.read_text(encoding="utf-8"))
    assert "of the person" in kept.read_text(encoding="utf-8")
