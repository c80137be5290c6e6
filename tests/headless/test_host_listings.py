"""What a host may list, have named and write: hooks, models, costs, titles, two settings, pages of servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder import __version__
from coder.mcp.server import Offer
from tests.support.fakeapi import fault, running_api, turn
from tests.support.hosted import hosted
from tests.support.linked import MemoryLink, MemoryLinks, server
from tests.support.plugged import bakery

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.behaviour("B-2690")
async def test_hooks_are_listed_with_whose_they_are(tmp_path: Path) -> None:
    bread = bakery(tmp_path / "bakery")
    (bread / ".mcp.json").unlink()
    post = {"type": "http", "url": "https://me:hunter2@example.com/hook?key=hunter3", "timeout": 3}
    line = {"type": "command", "command": "echo \x1b[2J", "if": "Bash(ls *)", "statusMessage": "Looking"}
    idle = {"hooks": [{"type": "command", "command": "true"}]}
    hooks = {"PreToolUse": [{"matcher": "Bash", "hooks": [line]}], "Stop": [{"hooks": [post]}], "TeammateIdle": [idle]}
    async with hosted(tmp_path, NOWHERE, settings=json.dumps({"hooks": hooks}), plugin_dirs=(str(bread),)) as wire:
        mine = {"hooks": {"Stop": [{"hookCallbackIds": ["hook_0"]}]}}
        await wire.ask("initialize", **mine)
        found = await wire.ask("get_hooks_listing")
    rows = {(row["event"], row["source"]): row for row in found["hooks"]}
    before = rows["PreToolUse", "flagSettings"]
    assert before["matcher"] == "Bash" and before["displayText"] == "Looking" and before["condition"] == "Bash(ls *)"
    assert "\x1b" not in before["commandText"] and before["contentLabel"] == "Command" and "disabled" not in before
    posted = rows["Stop", "flagSettings"]
    assert posted["timeout"] == 3 and "hunter" not in json.dumps(found)
    assert rows["Stop", "sessionHook"]["contentLabel"] == "Callback"
    assert rows["UserPromptSubmit", "pluginHook"]["pluginName"] == "bakery"
    assert rows["TeammateIdle", "flagSettings"]["disabled"] is True
    counts = {each["name"]: each["hookCount"] for each in found["events"]}
    assert counts == {"UserPromptSubmit": 1, "PreToolUse": 1, "Stop": 2, "TeammateIdle": 1}
    assert len(found["eventCatalog"]) > 25 and all(each["summary"] != each["name"] for each in found["eventCatalog"])
    assert found["policy"]["managedOnly"] is False


@pytest.mark.behaviour("B-2691")
async def test_two_settings_are_written_and_no_others(tmp_path: Path) -> None:
    home, project = tmp_path / "home" / ".coder", tmp_path / "project"
    async with hosted(tmp_path, NOWHERE) as wire:
        local, user = {"source": "localSettings"}, {"source": "userSettings"}
        assert await wire.ask("update_settings", **local, settings={"outputStyle": "concise"}) == {}
        assert await wire.ask("update_settings", **user, settings={"effortLevel": "low"}) == {}
        assert "no output style" in await wire.refused(
            "update_settings", **local, settings={"outputStyle": "none such"}
        )
        assert "must be one of" in await wire.refused("update_settings", **user, settings={"effortLevel": "max"})
        both = {"outputStyle": "concise", "permissions": {"allow": ["Bash"]}}
        assert "outputStyle alone, not permissions" in await wire.refused("update_settings", **local, settings=both)
        assert "alone, not outputStyle" in await wire.refused(
            "update_settings", **user, settings={"outputStyle": "concise"}
        )
        assert "not nothing" in await wire.refused("update_settings", **user, settings={})
        assert "source must be" in await wire.refused("update_settings", source="projectSettings", settings={})
    assert json.loads((project / ".coder" / "settings.local.json").read_text()) == {"outputStyle": "Concise"}
    assert json.loads((home / "settings.json").read_text()) == {"effortLevel": "low"}
    async with hosted(tmp_path, NOWHERE, setting_sources="project") as wire:
        assert "do not count" in await wire.refused("update_settings", **local, settings={"outputStyle": "concise"})
        assert "do not count" in await wire.refused("update_settings", **user, settings={"effortLevel": "low"})


@pytest.mark.behaviour("B-2692")
async def test_titles_models_costs_and_the_version(tmp_path: Path) -> None:
    script = [turn("Fix rounding in the cart"), turn("x", fault=fault("status", 529, times="forever"))]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        named = await wire.ask("generate_session_title", description="The cart rounds wrong", persist=True)
        assert named == {"title": "Fix rounding in the cart"}
        plain = await wire.ask("generate_session_title", description="The cart rounds wrong")
        assert plain["title"].startswith("The cart rounds") and "haiku" in api.requests[0]["model"]
        assert "description" in await wire.refused("generate_session_title")
        (first, *_) = (await wire.ask("list_models"))["models"]
        assert first["value"] == "default" and await wire.ask("get_binary_version") == {"version": __version__}
        assert "This session" in (await wire.ask("get_session_cost"))["text"]


@pytest.mark.behaviour("B-2693")
async def test_a_page_of_a_server_is_read(tmp_path: Path) -> None:
    link = MemoryLink(server("oven"), Offer())
    link.holds = {"ui://bread": [{"uri": "ui://bread", "mimeType": "text/html", "text": "<b>rye</b>"}]}
    async with hosted(tmp_path, NOWHERE, links=MemoryLinks(link)) as wire:
        found = await wire.ask("mcp_read_resource", serverName="oven", uri="ui://bread")
        assert found == {"contents": link.holds["ui://bread"]}
        assert "ui://" in await wire.refused("mcp_read_resource", serverName="oven", uri="file:///etc/passwd")
        assert "there is no ui://x" in await wire.refused("mcp_read_resource", serverName="oven", uri="ui://x")
        assert "is not there" in await wire.refused("mcp_read_resource", serverName="kiln", uri="ui://bread")
