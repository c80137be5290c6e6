"""Plugins that a host has read again while its session is open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.core.errors import ConfigError
from coder.frontends.stream_json.host_seat import Wanted
from tests.support.fakeapi import fault, running_api, tool, turn
from tests.support.hosted import Hosted, hosted
from tests.support.plugged import bakery, put

NOWHERE = "http://127.0.0.1:9"
STALLS = fault("stall", after=2)


async def no(wire: Hosted, **fields: object) -> dict[str, object]:
    found = await wire.answer(wire.request("reload_plugins", **fields))
    assert found["subtype"] == "error", found
    return found


@pytest.mark.behaviour("B-2683")
async def test_plugins_are_as_they_are_on_disk_from_the_next_turn_on(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    bread = bakery(tmp_path / "bakery", seen)
    (bread / ".mcp.json").unlink()
    oven = put(tmp_path / "oven", {"commands/heat.md": "---\ndescription: heats\n---\nHeat it.\n"})
    put(oven, {".claude-plugin/plugin.json": {"name": "oven", "version": "1.2.0"}})
    (tmp_path / "project").mkdir()
    eaten = put(tmp_path / "project", {"a.txt": "rye\n"}) / "a.txt"
    edit = tool("Edit", file_path=str(eaten), old_string="rye", new_string="spelt")
    script = [turn(tool("Read", file_path=str(eaten))), turn("One."), turn(edit), turn("Two."), turn("Three.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, plugin_dirs=(str(bread),)) as wire:
        wire.say("first")
        first = (await wire.turn())[-1]
        put(bread, {"commands/rest.md": "---\ndescription: rests\n---\nLet it rest.\n", "agents/baker.md": "no head\n"})
        (bread / "commands" / "knead.md").unlink()
        answer = await wire.ask("reload_plugins", add_plugins=[{"type": "local", "path": str(oven)}])
        names = {each["name"] for each in answer["commands"]}
        assert {"clear", "bakery:rest", "bakery:prove", "oven:heat"} <= names and "bakery:knead" not in names
        assert answer["plugins"] == [
            {"name": "bakery", "path": str(bread)},
            {"name": "oven", "path": str(oven), "version": "1.2.0"},
        ]
        assert answer["mcpServers"] == [] and answer["error_count"] == 0 and "held" not in answer
        assert "bakery:baker" not in {each["name"] for each in answer["agents"]}
        wire.say("/oven:heat")
        frames = await wire.turn()
        init, second = next(each for each in frames if each.get("subtype") == "init"), frames[-1]
        assert [each["name"] for each in init["plugins"]] == ["bakery", "oven"]
        assert second["result"] == "Two." and second["session_id"] == first["session_id"]
        assert eaten.read_text(encoding="utf-8") == "spelt\n"  # what was read stays read
        assert second["total_cost_usd"] > first["total_cost_usd"]  # the figures go on
        assert "Heat it." in json.dumps(api.requests[2]["messages"]) and "first" in json.dumps(api.requests[2])
        assert len(seen.read_text(encoding="utf-8").splitlines()) == 2  # its hook runs
        wire.say("/clear")
        await wire.turn()
        wire.say("third")
        (init,) = (each for each in await wire.turn() if each.get("subtype") == "init")
        assert [each["name"] for each in init["plugins"]] == ["bakery", "oven"]


@pytest.mark.behaviour("B-2684")
async def test_one_that_would_change_the_tools_is_held_where_that_is_wanted(tmp_path: Path) -> None:
    bread = bakery(tmp_path / "bakery")
    plugin = {"type": "local", "path": str(bread)}
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.turn()
        held = await wire.ask("reload_plugins", hold_on_cache_impact=True, add_plugins=[plugin])
        assert held["held"] is True and held["plugins"] == []
        impact = {"mcp_servers_added": ["plugin:bakery:oven"], "mcp_servers_removed": [], "lsp_tool_change": None}
        assert held["cache_impact"] == impact
        quiet = [{**plugin, "skipMcpDiscovery": True}]
        made = await wire.ask("reload_plugins", hold_on_cache_impact=True, add_plugins=quiet)
        assert made["held"] is False and [each["name"] for each in made["plugins"]] == ["bakery"]
        assert made["mcpServers"] == []


@pytest.mark.behaviour("B-2685")
async def test_it_waits_for_the_turn_or_says_that_one_runs(tmp_path: Path) -> None:
    bread = bakery(tmp_path / "bakery")
    (bread / ".mcp.json").unlink()
    plugin = {"type": "local", "path": str(bread)}
    script = [turn("Two.", fault=STALLS), turn(tool("Bash", command="sleep 99", run_in_background=True))]
    async with running_api([*script, turn("Three.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.streaming(lambda: len(api.requests) == 1)
        busy = await no(wire, refuse_if_busy=True, add_plugins=[plugin])
        assert busy["error_code"] == "reload_plugins_busy" and "turn is running" in str(busy["error"])
        asked = wire.request("reload_plugins", add_plugins=[plugin])
        wire.say("/bakery:knead dough")
        await wire.ask("interrupt")
        assert (await wire.result())["terminal_reason"].startswith("aborted")
        assert (await wire.answer(asked))["response"]["plugins"] == [{"name": "bakery", "path": str(bread)}]
        assert (await wire.result())["result"] == "Two." and "Knead dough" in json.dumps(api.requests[1])
        wire.say("third")
        await wire.turn()
        busy = await no(wire)
        assert busy["error_code"] == "reload_plugins_busy" and "stop_task" in str(busy["error"])
        wrong: object
        for wrong in ([{"type": "local", "path": "bakery"}], [{"type": "npm", "path": "/x"}], {}):
            assert "add_plugins" in str((await no(wire, add_plugins=wrong))["error"])


@pytest.mark.behaviour("B-2686")
async def test_what_lies_in_the_repository_runs_nothing_before_it_is_trusted(tmp_path: Path) -> None:
    seen, inner = tmp_path / "seen", bakery(tmp_path / "project" / "bakery", tmp_path / "seen")
    script = [turn("One."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.turn()
        added = [{"type": "local", "path": str(inner)}]
        answer = await wire.ask("reload_plugins", add_plugins=added)
        assert answer["mcpServers"] == [] and [each["name"] for each in answer["plugins"]] == ["bakery"]
        wire.say("/bakery:knead x")
        frames = await wire.turn()
        assert any(
            "before you trust them" in each["content"] for each in frames if each.get("subtype") == "informational"
        )
    assert not seen.exists()


@pytest.mark.behaviour("B-2683")
async def test_a_session_that_is_not_kept_is_read_again_before_its_first_prompt_alone(tmp_path: Path) -> None:
    bread = bakery(tmp_path / "bakery")
    added = [{"type": "local", "path": str(bread), "skipMcpDiscovery": True}]
    async with (
        running_api([turn("One.")]) as api,
        hosted(tmp_path, api.url, no_session_persistence=True) as wire,
    ):
        assert len((await wire.ask("reload_plugins", add_plugins=added))["plugins"]) == 1
        wire.say("first")
        assert (await wire.result())["result"] == "One."
        assert "not kept" in str((await no(wire))["error"])


@pytest.mark.behaviour("B-2683")
async def test_what_the_host_had_changed_stays_so(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    asks = turn(tool("Bash", command="touch a; touch b"))
    script = [turn("One."), asks, turn("Two."), turn("Three.")]
    rules = {"permissions": {"deny": ["Bash(touch *)"]}}
    async with running_api(script) as api, hosted(tmp_path, api.url, max_budget_usd=9.0) as wire:
        wire.say("first")
        await wire.turn()
        await wire.ask("set_model", model="haiku")
        await wire.ask("set_permission_mode", mode="acceptEdits")
        await wire.ask("apply_flag_settings", settings=rules)
        await wire.ask("reload_plugins")
        wire.say("second")
        frames = await wire.turn()
        init = next(each for each in frames if each.get("subtype") == "init")
        assert "haiku" in init["model"] and init["permissionMode"] == "acceptEdits"
        assert len(frames[-1]["permission_denials"]) == 1 and not (tmp_path / "project" / "a").exists()
        await wire.ask("set_model", model=None)
        wire.say("third")
        await wire.turn()
        models = [body["model"] for body in api.requests]
        assert models[0] == models[3] != models[1] == models[2] and "haiku" in models[1]


@pytest.mark.behaviour("B-2683")
async def test_what_may_be_spent_is_for_the_process(tmp_path: Path) -> None:
    script = [turn("One.", usage={"output_tokens": 190_000}), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, max_tokens_total=200_000) as wire:
        wire.say("first")
        assert (await wire.result())["result"] == "One."
        await wire.ask("reload_plugins")
        wire.say("second")
        assert (await wire.result())["terminal_reason"] == "budget_exhausted" and len(api.requests) == 1


@pytest.mark.behaviour("B-2683")
async def test_where_it_cannot_be_done_the_session_goes_on_as_it_was(tmp_path: Path) -> None:
    async def opening(wanted: Wanted) -> None:
        if wanted.plugins:
            raise ConfigError("these settings cannot be read")

    added = [{"type": "local", "path": str(bakery(tmp_path / "bakery"))}]
    async with (
        running_api([turn("One."), turn("Two.")]) as api,
        hosted(tmp_path, api.url, opening=opening) as wire,
    ):
        wire.say("first")
        first = await wire.result()
        assert (await no(wire, add_plugins=added))["error"] == "these settings cannot be read"
        wire.say("second")
        second = await wire.result()
        assert second["result"] == "Two." and second["session_id"] == first["session_id"]
        assert "first" in json.dumps(api.requests[1]["messages"])
