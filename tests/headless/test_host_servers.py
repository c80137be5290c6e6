"""Servers that a host sets while its session is open."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.headless.test_host_callbacks import Server
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, running_api, tool, turn
from tests.support.hosted import hosted
from tests.support.mcp_links import SERVERS
from tests.support.processes import DEADLINE, is_alive, until
from tests.support.wire import wired

OWN = {"type": "sdk", "name": "own"}


def odd(fault: str = "", argument: str = "") -> dict[str, Any]:
    return {"command": sys.executable, "args": [str(SERVERS / "odd.py"), fault, argument]}


def echo(server: str, text: str = "hello") -> Any:
    return turn(tool("UseTool", name=f"mcp__{server}__echo", input={"text": text}))


def begun(file: Path) -> int:
    """How often the server that notes in this file was started."""
    return file.read_text(encoding="utf-8").count("heard initialize") if file.exists() else 0


def init_of(frames: list[dict[str, Any]]) -> dict[str, Any]:
    return next(frame for frame in frames if frame.get("subtype") == "init")


def called(request: dict[str, Any]) -> str:
    """The result that a request ends with."""
    return json.dumps([block for block in request["messages"][-1]["content"] if block["type"] == "tool_result"])


@pytest.mark.behaviour("B-2870")
async def test_they_come_stay_and_go_in_a_session_that_began_without_any(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    servers = {"odd": odd("roots", str(notes))}
    script = [turn("One."), echo("odd"), turn("Two."), turn("Three."), echo("odd"), turn("Four.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.turn()
        assert await wire.ask("mcp_set_servers", servers={}) == {"added": [], "removed": [], "errors": {}}
        assert await wire.ask("mcp_set_servers", servers=servers) == {"added": ["odd"], "removed": [], "errors": {}}
        (row,) = (await wire.ask("mcp_status"))["mcpServers"]
        assert (row["name"], row["status"], row["scope"]) == ("odd", "connected", "dynamic")
        wire.say("second")
        init = init_of(await wire.turn())
        assert "mcp__odd__echo" in init["tools"] and {"name": "odd", "status": "connected"} in init["mcp_servers"]
        assert "hello" in called(api.requests[2]) and "mcp__odd__echo" in json.dumps(api.requests[1]["messages"][-1])
        assert await wire.ask("mcp_set_servers", servers=servers) == {"added": [], "removed": [], "errors": {}}
        wire.say("third")
        await wire.turn()
        assert begun(notes) == 1 and api.requests[3]["tools"] == api.requests[1]["tools"] != api.requests[0]["tools"]
        assert await wire.ask("mcp_set_servers", servers={}) == {"added": [], "removed": ["odd"], "errors": {}}
        assert (await wire.ask("mcp_status"))["mcpServers"] == []
        wire.say("fourth")
        await wire.turn()
        assert "by now" in called(api.requests[5]) and api.requests[5]["tools"] == api.requests[1]["tools"]
        assert not api.violations


@pytest.mark.behaviour("B-2871")
async def test_its_own_are_replaced_and_those_of_the_command_line_stay(tmp_path: Path) -> None:
    config = json.dumps({"mcpServers": {"given": odd()}})
    script = [turn("One."), echo("later"), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, mcp_config=(config,)) as wire:
        servers = {"own": Server(), "later": Server()}
        wire.replies["mcp_message"] = lambda asked: servers[asked["server_name"]]({**asked, "server_name": "own"})
        await wire.ask("initialize", sdkMcpServers=["own"])
        wire.say("first")
        assert "mcp__own__echo" in init_of(await wire.turn())["tools"]
        before = api.requests[0]["tools"]
        assert "mcp__own__echo" in [each["name"] for each in before]
        changed = await wire.ask("mcp_set_servers", servers={"later": {"type": "sdk", "name": "later", "tools": []}})
        assert changed == {"added": ["later"], "removed": ["own"], "errors": {}}
        assert {each["name"] for each in (await wire.ask("mcp_status"))["mcpServers"]} == {"given", "later"}
        wire.say("second")
        tools = init_of(await wire.turn())["tools"]
        assert "mcp__later__echo" in tools and "mcp__own__echo" not in tools
        assert api.requests[1]["tools"] == before and "heard hello" in called(api.requests[2]) and not api.violations
        wire.say("/clear")
        await wire.turn()
        assert {each["name"] for each in (await wire.ask("mcp_status"))["mcpServers"]} == {"given", "later"}
        changed = await wire.ask("mcp_set_servers", servers={"given": odd()})  # named once, it is one of the set
        assert changed == {"added": [], "removed": ["later"], "errors": {}}
        assert (await wire.ask("mcp_set_servers", servers={}))["removed"] == ["given"]


@pytest.mark.behaviour("B-2872")
async def test_another_entry_takes_the_place_and_what_fails_is_told(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    denied = json.dumps({"deniedMcpServers": [{"serverName": "bad"}]})
    script = [echo("odd"), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, settings=denied) as wire:
        await wire.ask("mcp_set_servers", servers={"odd": odd("roots", str(notes))})
        other = {**odd("roots", str(notes)), "env": {"MORE": "1"}}
        servers = {"odd": other, "gone": odd("exit"), "bad": odd(), "wrong": {"command": 1}, "a__b": odd()}
        changed = await wire.ask("mcp_set_servers", servers=servers)
        assert changed["added"] == ["odd", "gone"] and changed["removed"] == [] and begun(notes) == 2
        assert set(changed["errors"]) == {"gone", "bad", "wrong", "a__b"}
        assert "deniedMcpServers" in changed["errors"]["bad"] and "cannot go on" in changed["errors"]["gone"]
        rows = {each["name"]: each["status"] for each in (await wire.ask("mcp_status"))["mcpServers"]}
        assert rows == {"odd": "connected", "gone": "failed"}
        wire.say("first")
        await wire.turn()
        assert "hello" in called(api.requests[1]) and not api.violations


@pytest.mark.behaviour("B-2873")
async def test_while_a_turn_runs_the_next_request_knows_of_them(tmp_path: Path) -> None:
    waits = turn(tool("Bash", command="until [ -e go ]; do sleep 0.02; done"))
    async with running_api([waits, echo("odd"), turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        assert list((await wire.ask("mcp_set_servers", servers={"wrong": {}}))["errors"]) == ["wrong"]
        wire.say("first")
        await wire.used("Bash")
        assert (await wire.ask("mcp_set_servers", servers={"odd": odd()}))["added"] == ["odd"]
        (tmp_path / "project" / "go").touch()
        assert (await wire.result())["result"] == "One."
        assert "mcp__odd__echo" in json.dumps(api.requests[1]["messages"][-1]) and "hello" in called(api.requests[2])
        assert not api.violations
        first, second = ({each["name"] for each in request["tools"]} for request in api.requests[:2])
        assert second - first == {"ToolSearch", "UseTool", "ListMcpResourcesTool", "ReadMcpResourceTool"}


@pytest.mark.behaviour("B-2873")
async def test_a_call_fails_when_its_server_is_removed_and_the_turn_goes_on(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with running_api([echo("odd"), turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("mcp_set_servers", servers={"odd": odd("hang", str(notes))})
        wire.say("first")
        await until(notes.exists)
        assert (await wire.ask("mcp_set_servers", servers={}))["removed"] == ["odd"]
        assert (await wire.result())["result"] == "One." and '"is_error": true' in called(api.requests[1])
        assert "no longer part of" in json.dumps(api.requests[1]["messages"][-1]) and not api.violations


@pytest.mark.behaviour("B-2872")
async def test_of_sets_that_overtake_one_another_the_last_counts(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    sets = [{"odd": {**odd("roots", str(notes)), "env": {"AT": str(at)}}} for at in range(4)]
    async with running_api([echo("odd"), turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("mcp_set_servers", servers=sets[0])
        names = [wire.request("mcp_set_servers", servers=each) for each in (sets[1], {}, sets[2], sets[3])]
        wire.send({"type": "control_cancel_request", "request_id": names[3]})  # nobody waits: it holds all the same
        first, second, third, last = [await wire.answer(name) for name in names]
        assert "meanwhile" in first["response"]["errors"]["odd"] and second["response"]["removed"] == ["odd"]
        assert third["response"]["added"] == ["odd"] and last["subtype"] == "error"
        while (row := (await wire.ask("mcp_status"))["mcpServers"][0])["status"] == "pending":
            pass
        assert row["status"] == "connected" and begun(notes) <= 3
        wire.say("first")
        await wire.turn()
        assert "hello" in called(api.requests[1]) and not api.violations


@pytest.mark.behaviour("B-2874")
def test_nothing_of_them_outlives_a_process_that_is_killed(place: Place) -> None:
    with fake_api([turn("One.")]) as api, wired(place, url=api.url) as wire:
        pid = place.home / "pid"
        script = f"echo $$ > {pid}; exec {sys.executable} {SERVERS / 'odd.py'}"
        changed = wire.ask("mcp_set_servers", servers={"odd": {"command": "/bin/sh", "args": ["-c", script]}})
        assert changed["added"] == ["odd"] and not changed["errors"]
        os.kill(wire.process.pid, signal.SIGKILL)
        wire.process.wait()
        latest, server = time.monotonic() + DEADLINE, int(pid.read_text(encoding="utf-8"))
        while is_alive(server):
            assert time.monotonic() < latest


@pytest.mark.behaviour("B-2875")
async def test_what_the_host_says_of_single_tools_holds(tmp_path: Path) -> None:
    def guarded(policy: str) -> dict[str, Any]:
        return {"later": {**OWN, "name": "later", "tools": [{"name": "echo", "permission_policy": policy}]}}

    script = [turn(tool("mcp__own__echo", text="a")), turn("One.")]
    script += [each for _ in range(3) for each in (echo("later"), turn("More."))]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.replies["mcp_message"] = lambda asked: Server()({**asked, "server_name": "own"})
        policies = {"own": {"tools": [{"name": "echo", "permission_policy": "always_deny"}, {"name": 1}, 2]}}
        await wire.ask("initialize", sdkMcpServers=["own"], sdkMcpServerConfigs=policies)
        wire.say("first")
        await wire.turn()
        assert "heard" not in called(api.requests[1])
        for at, policy in ((3, "always_deny"), (5, "always_ask"), (7, "always_allow")):
            await wire.ask("mcp_set_servers", servers=guarded(policy))
            wire.say("more")
            await wire.turn()  # all is allowed but what a rule asks about, and nobody is there who answers
            assert ("heard hello" in called(api.requests[at])) == (policy == "always_allow")
        assert not api.violations


@pytest.mark.behaviour("B-2876")
def test_what_the_host_forbids_is_forbidden_when_settings_are_read_again(place: Place) -> None:
    flags = ("--permission-mode", "bypassPermissions")
    calls = turn(tool("Bash", command="touch a"))
    with fake_api([calls, turn("One."), calls, turn("Two.")]) as api, wired(place, *flags, url=api.url) as wire:
        wire.ask("initialize", disallowedTools=["Bash(touch *)"])
        settings = place.project / ".coder" / "settings.local.json"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text('{"permissions": {"allow": ["Bash(ls *)"]}}', encoding="utf-8")
        for said in ("first", "/clear", "second"):
            wire.say(said)
            assert not wire.result()["is_error"]
        assert wire.close() == 0
    assert not (place.project / "a").exists() and len(api.requests) == 4
