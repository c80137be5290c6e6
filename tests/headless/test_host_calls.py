"""What a host asks beside the conversation: a tool of a server, files behind an `@`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.server import Answer, Offer
from tests.support.fakeapi import fault, running_api, turn
from tests.support.hosted import hosted
from tests.support.linked import MemoryLink, MemoryLinks, offered, server

NOWHERE = "http://127.0.0.1:9"
TOOL = "mcp__oven__bake"


def oven(*, failing: bool = False) -> MemoryLink:
    link = MemoryLink(server("oven"), Offer(tools=(offered("oven", "bake", bread={"type": "string"}),)))
    blocks: tuple[Json, ...] = ({"type": "text", "text": "baked \x1b[1mrye"}, {"type": "odd", "x": 1})
    link.answer = lambda tool, given: Answer(blocks, {"loaves": 1}, failing)
    return link


@pytest.mark.behaviour("B-2687")
async def test_a_tool_of_a_server_is_called_beside_the_conversation(tmp_path: Path) -> None:
    link = oven()
    async with (
        running_api([turn("One.")]) as api,
        hosted(tmp_path, api.url, links=MemoryLinks(link), permission_mode="default") as wire,
    ):
        called = await wire.ask("mcp_call", tool=TOOL, arguments={"bread": "rye"}, timeout_ms=50)
        assert called["content"][0]["type"] == "text" and "rye" in called["content"][0]["text"]
        assert called["structuredContent"] == {"loaves": 1} and "isError" not in called
        raw = await wire.ask("mcp_call", tool=TOOL, arguments={"bread": "rye"}, result_not_for_model=True)
        assert raw["content"] == [{"type": "text", "text": "baked \x1b[1mrye"}, {"type": "odd", "x": 1}]
        assert link.calls == [("bake", {"bread": "rye"})] * 2
        assert "bread" in await wire.refused("mcp_call", tool=TOOL)  # what is asked for is checked
        assert "no tool mcp__oven__eat" in await wire.refused("mcp_call", tool="mcp__oven__eat")
        assert "no tool Bash" in await wire.refused("mcp_call", tool="Bash", arguments={"command": "true"})
        assert "output_files" in await wire.refused("mcp_call", tool=TOOL, output_files=[])
        assert "timeout_ms" in await wire.refused("mcp_call", tool=TOOL, timeout_ms="soon")
        wire.say("first")
        init = next(frame for frame in await wire.turn() if frame.get("subtype") == "init")
        assert {"mcp_call_check_permissions_v1", "mcp_read_resource_v1"} <= set(init["capabilities"])
        assert "baked" not in json.dumps(api.requests)
    assert len(link.calls) == 2


@pytest.mark.behaviour("B-2687")
async def test_a_failure_is_an_error_or_where_it_is_wanted_a_result(tmp_path: Path) -> None:
    async with hosted(tmp_path, NOWHERE, links=MemoryLinks(oven(failing=True))) as wire:
        assert "rye" in await wire.refused("mcp_call", tool=TOOL, arguments={"bread": "rye"})
        soft = await wire.ask("mcp_call", tool=TOOL, arguments={"bread": "rye"}, soft_error_result=True)
        assert soft["isError"] is True and "rye" in soft["content"][0]["text"]
    async with hosted(tmp_path, NOWHERE) as wire:
        assert "no MCP servers" in await wire.refused("mcp_call", tool=TOOL)


@pytest.mark.behaviour("B-2687")
@pytest.mark.parametrize("rule", ["", "deny", "deny later", "allow"])
async def test_rules_that_deny_hold_and_all_are_asked_where_that_is_wanted(tmp_path: Path, rule: str) -> None:
    settings = json.dumps({"permissions": {rule: [TOOL]}} if rule in ("deny", "allow") else {})
    link = oven()
    async with hosted(tmp_path, NOWHERE, links=MemoryLinks(link), settings=settings, permission_mode="default") as wire:
        given: Json = {"tool": TOOL, "arguments": {"bread": "rye"}}
        if rule.startswith("deny"):
            if rule == "deny later":
                await wire.ask("apply_flag_settings", settings={"permissions": {"deny": ["mcp__oven"]}})
            assert "no tool" in await wire.refused("mcp_call", **given)
            assert await wire.refused("mcp_call", **given, check_permissions=True)
            assert link.calls == []
        elif rule == "allow":
            called = await wire.ask("mcp_call", **given, check_permissions=True)
            assert called["structuredContent"] == {"loaves": 1}
        else:
            assert (await wire.refused("mcp_call", **given, check_permissions=True)).startswith(
                "The tool did not run: "
            )
            assert link.calls == []
            await wire.ask("mcp_call", **given)
            await wire.ask("set_permission_mode", mode="dontAsk")
            assert (await wire.refused("mcp_call", **given, check_permissions=True)).startswith(
                "The tool did not run: "
            )
            assert len(link.calls) == 1


@pytest.mark.behaviour("B-2688")
async def test_files_are_offered_as_in_a_terminal(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("src/bread/rye.py", "src/oven.py", "rye.md"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x", encoding="utf-8")
    async with hosted(tmp_path, NOWHERE) as wire:

        async def paths(query: str) -> list[str]:
            return [each["path"] for each in (await wire.ask("file_suggestions", query=query))["suggestions"]]

        assert await paths("rye") == ["rye.md", "src/bread/rye.py"]
        assert await paths("@srcov") == ["src/oven.py"] and await paths("none such") == []
        assert await paths("./") == ["./rye.md", "./src/"] and "rye.md" in await paths("")
        assert await paths("rye.md") == []  # there is nothing left to complete
        assert "query must be" in await wire.refused("file_suggestions")


@pytest.mark.behaviour("B-2689")
async def test_a_reply_that_was_cut_says_so(tmp_path: Path) -> None:
    words = turn("A long answer that never ends.", fault=fault("stall", after=4), delta=8)
    async with (
        running_api([words]) as api,
        hosted(tmp_path, api.url, shows={"partial": True}) as wire,
    ):
        wire.say("first")
        await wire.until(lambda frame: frame["type"] == "stream_event" and "A long" in json.dumps(frame))
        await wire.ask("interrupt")
        await wire.turn()
        (cut,) = (frame for frame in wire.seen if frame["type"] == "assistant")
        assert cut["aborted"] is True and cut["message"]["stop_reason"] is None
        assert cut["message"]["content"][0]["text"].startswith("A long")
        wire.say("second")
        assert not [frame for frame in await wire.turn() if frame.get("aborted")]
