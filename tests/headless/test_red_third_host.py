"""Attacks on what hosts may ask of a session that is open."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast

import pytest

from coder.app.session import Session
from coder.core.messages import Json
from coder.frontends.stream_json.host_seat import Wanted
from coder.frontends.stream_json.queries import suggested
from coder.frontends.stream_json.queries.around import Around
from coder.mcp.link import Progress
from coder.mcp.server import Answer, Offer
from tests.support.fakeapi import running_api, tool, turn
from tests.support.hosted import DEADLINE, Held, hosted
from tests.support.linked import MemoryLink, MemoryLinks, offered, server
from tests.support.plugged import bakery
from tests.support.talks import Talk


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
        sets = wire.request("mcp_set_servers", servers={"far": {"command": str(tmp_path / "none")}})
        assert await wire.ask("set_permission_mode", mode="plan") == {"mode": "plan"}  # counts for either
        opening.goes_on()
        for asked in (reloads, renames, adds, sets):
            found = await wire.answer(asked)
            assert found["subtype"] == "success", found
        assert [each["name"] for each in (await wire.ask("mcp_status"))["mcpServers"]] == ["far"]
        wire.say("second")
        assert (await wire.result())["result"] == "Two."
        rules = (await wire.ask("list_permission_rules"))["state"]
        assert [each["path"] for each in rules["workspaceDirectories"]] == [str(other)]
    (kept,) = (path for path in tmp_path.rglob("*.jsonl") if "first" in path.read_text(encoding="utf-8"))
    assert "of the person" in kept.read_text(encoding="utf-8")


@pytest.mark.behaviour("B-2803")
async def test_a_judged_call_of_the_host_breaks_none_of_the_models(tmp_path: Path) -> None:
    link = MemoryLink(server("oven"), Offer(tools=(offered("oven", "bake", bread={"type": "string"}),)))
    link.answer = lambda name, given: Answer(({"type": "text", "text": "baked"},), None, False)
    project = tmp_path / "project"
    project.mkdir()
    (project / "kept.txt").write_text("before", encoding="utf-8")
    slow = "echo after > kept.txt; i=0; while [ ! -e go ] && [ $i -lt 1500 ]; do i=$((i+1)); sleep 0.02; done"
    script = [turn(tool("Bash", command=slow)), turn("One.")]
    bake: Json = {"tool": "mcp__oven__bake", "arguments": {"bread": "rye"}, "check_permissions": True}
    async with running_api(script) as api, hosted(tmp_path, api.url, links=MemoryLinks(link)) as wire:
        wire.say("first", uuid="5a0f0c0e-0000-4000-8000-000000000001")
        await wire.streaming(lambda: (project / "kept.txt").read_text(encoding="utf-8") == "after\n")
        calls = [wire.request("mcp_call", **bake) for _ in range(2)]
        for _ in range(20):
            await wire.ask("get_settings")
        (project / "go").touch()
        assert (await wire.result())["result"] == "One."
        for each in calls:
            assert (await wire.answer(each))["response"]["content"] == [{"type": "text", "text": "baked"}]
        (block,) = [block for block in api.requests[1]["messages"][-1]["content"] if block["type"] == "tool_result"]
        assert not block.get("is_error") and "failed inside" not in str(block)
        back = await wire.ask("rewind_files", user_message_id="5a0f0c0e-0000-4000-8000-000000000001")
        assert str(project / "kept.txt") in back["filesChanged"]
    assert (project / "kept.txt").read_text(encoding="utf-8") == "before"


@pytest.mark.behaviour("B-2803")
async def test_a_call_that_waits_for_one_of_the_host_can_be_interrupted(tmp_path: Path) -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    class Link(MemoryLink):
        async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
            begun.set()
            await goes_on.wait()
            return Answer(({"type": "text", "text": "baked"},), None, False)

    links = MemoryLinks(Link(server("oven"), Offer(tools=(offered("oven", "bake", bread={"type": "string"}),))))
    bake: Json = {"tool": "mcp__oven__bake", "arguments": {"bread": "rye"}, "check_permissions": True}
    script = [turn(tool("Bash", command="touch made")), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, links=links) as wire:
        call = wire.request("mcp_call", **bake)
        async with asyncio.timeout(DEADLINE):
            await begun.wait()
        wire.say("first")
        await wire.used("Bash")
        await wire.ask("interrupt")
        assert (await wire.result())["terminal_reason"].startswith("aborted")
        assert not (tmp_path / "project" / "made").exists()
        goes_on.set()
        assert (await wire.answer(call))["subtype"] == "success"
        wire.say("second")
        assert (await wire.result())["result"] == "Two."


@pytest.mark.behaviour("B-2806")
async def test_what_a_host_was_denied_is_no_denial_of_a_turn(tmp_path: Path) -> None:
    link = MemoryLink(server("oven"), Offer(tools=(offered("oven", "bake", bread={"type": "string"}),)))
    bake: Json = {"tool": "mcp__oven__bake", "arguments": {"bread": "rye"}, "check_permissions": True}
    opens: Json = {"links": MemoryLinks(link), "permission_mode": "default"}
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url, **opens) as wire:
        denied = await wire.answer(wire.request("mcp_call", **bake))
        assert denied["error"].startswith("The tool did not run: ") and link.calls == []
        wire.say("first")
        assert (await wire.result())["permission_denials"] == []
    assert not [frame for frame in wire.seen if frame.get("subtype") == "permission_denied"]


@pytest.mark.behaviour("B-2807")
@pytest.mark.parametrize(
    "rule", ["mcp__oven", "mcp__*", "mcp__oven__resources_read", "ReadMcpResourceTool", "later", ""]
)
async def test_rules_that_deny_a_server_hold_for_its_pages(tmp_path: Path, rule: str) -> None:
    read: list[str] = []

    class Link(MemoryLink):
        async def read(self, uri: str) -> list[Json]:
            read.append(uri)
            return [{"uri": uri, "text": "a page"}]

    links = MemoryLinks(Link(server("oven"), Offer()))
    settings = json.dumps({"permissions": {"deny": [rule]}} if rule not in ("", "later") else {})
    async with hosted(tmp_path, "http://127.0.0.1:9", links=links, settings=settings) as wire:
        if rule == "later":
            await wire.ask("apply_flag_settings", settings={"permissions": {"deny": ["mcp__oven"]}})
        found = await wire.answer(wire.request("mcp_read_resource", serverName="oven", uri="ui://bread"))
        assert found["subtype"] == ("error" if rule else "success") and read == ([] if rule else ["ui://bread"])
        assert not rule or "oven may not be read: " in found["error"]


@pytest.mark.behaviour("B-2804")
async def test_however_often_files_are_asked_for_they_are_listed_once(tmp_path: Path) -> None:
    seen, git, project = tmp_path / "seen", tmp_path / "bin" / "git", tmp_path / "project"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho x >> "{seen}"\nexec "{shutil.which("git")}" "$@"\n', encoding="utf-8")
    git.chmod(0o700)
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    (project / "rye.md").touch()
    talk = Talk.at(tmp_path, "http://127.0.0.1:9")
    session = await talk.open()
    around = Around(talk.config())
    there = cast("Session", _There(session.facts, _Inquiries({"PATH": f"{git.parent}:{os.environ['PATH']}"})))
    asked = [suggested.files(around, there, {"query": "rye"[:length]}) for length in (1, 2, 3) * 4]
    assert await asyncio.gather(*asked) == [{"suggestions": [{"path": "rye.md"}]}] * 12
    assert seen.read_text(encoding="utf-8") == "x\n"
    await session.aclose()


@dataclass(frozen=True)
class _Inquiries:
    env: dict[str, str]


@dataclass(frozen=True)
class _There:
    """Of a session what the list needs, with another git."""

    facts: object
    inquiries: _Inquiries


@pytest.mark.behaviour("B-2805")
@pytest.mark.parametrize("what", ["reload", "clear"])
async def test_whatever_keeps_the_next_session_from_opening_the_last_one_goes_on(tmp_path: Path, what: str) -> None:
    opened: list[Wanted] = []

    async def opening(wanted: Wanted) -> None:
        opened.append(wanted)
        if len(opened) == 2:
            raise OSError(28, "No space left on device")

    script = [turn("One."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, opening=opening) as wire:
        wire.say("first")
        await wire.turn()
        if what == "reload":
            assert (await wire.answer(wire.request("reload_plugins")))["subtype"] == "error"
        else:
            wire.say("/clear")
            assert (await wire.result())["is_error"] is True
        wire.say("second")
        assert (await wire.result())["result"] == "Two."
        assert len(opened) == 3 and "first" in str(api.requests[1]["messages"])


FIELDS = {
    "reload_plugins": ("refuse_if_busy", "hold_on_cache_impact", "add_plugins"),
    "mcp_call": ("tool", "arguments", "check_permissions", "result_not_for_model", "timeout_ms", "input_files"),
    "file_suggestions": ("query",),
    "update_settings": ("source", "settings"),
    "mcp_read_resource": ("serverName", "uri"),
    "set_prompt_suggestions_paused": ("paused",),
    "generate_session_title": ("description", "persist"),
}
ODD: tuple[object, ...] = (None, 1.5, 10**400, True, "\ud800", "\0", "x" * 5_000, [1], {}, {"a": 1}, [[[]]], -1)
REST: dict[str, Json] = {
    "reload_plugins": {"refuse_if_busy": True, "add_plugins": [{}]},
    "mcp_call": {"tool": "mcp__oven__bake", "arguments": {"bread": "rye"}},
    "update_settings": {"source": "userSettings", "settings": {"effortLevel": "low"}},
    "mcp_read_resource": {"serverName": "oven", "uri": "ui://bread"},
}


@pytest.mark.behaviour("B-2808")
async def test_whatever_stands_in_a_request_is_answered_and_is_no_bug_of_ours(tmp_path: Path) -> None:
    link = MemoryLink(server("oven"), Offer(tools=(offered("oven", "bake", bread={"type": "string"}),)))
    async with hosted(tmp_path, "http://127.0.0.1:9", links=MemoryLinks(link)) as wire:
        for subtype, names in FIELDS.items():
            for name, odd in product(names, ODD):
                found = await wire.answer(wire.request(subtype, **{**REST.get(subtype, {}), name: odd}))
                told = str(found.get("error", ""))
                assert "inside coder" not in told and len(told) < 1_000, (subtype, name, str(odd)[:50], told[:300])
