"""Sessions in which others have a word: the host that is asked, rules, hooks and servers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from tests.support.cli import Place
from tests.support.fakeapi import text, tool, tool_input, turn
from tests.support.wire import Answers, Json
from tests.support.wire_played import (
    ASKING,
    BYPASS,
    DONE,
    STDIO,
    Played,
    played,
    playing,
)


def permissions(place: Place) -> Iterator[Played]:
    """Asked, denied by the host, by a rule, by the mode; a run that ends at a refusal."""
    calls = [tool("Bash", command="touch a"), tool("Bash", command="rmdir b"), tool("Read", file_path="/etc/hostname")]
    calls += [tool("Edit", file_path=".git/config", old_string="a", new_string="b"), tool("Bash", command="rm -rf ~")]

    def decide(request: Json) -> Json:
        if request["tool_name"] == "Bash":
            return {
                "behavior": "allow",
                "updatedInput": request["input"],
                "updatedPermissions": request["permission_suggestions"],
            }
        return {"behavior": "deny", "message": "no", "interrupt": request["tool_name"] == "Edit"}

    denies = ("--disallowedTools", "Bash(rmdir *)")
    with playing(place, [turn(*calls), DONE], *STDIO, *denies, hooks=True, answers={"can_use_tool": decide}) as (
        wire,
        _,
    ):
        wire.say("go")
        wire.turn()
        yield played(wire)
    for mode in ("default", "dontAsk", "plan", "acceptEdits"):
        with playing(place, [turn(*calls), DONE], *denies, "--permission-mode", mode, hooks=True) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def hooks(place: Place) -> Iterator[Played]:
    """Commands of the settings that say, block, fail and stop."""

    def entry(line: str) -> list[Json]:
        return [{"hooks": [{"type": "command", "command": line}]}]

    lines = {
        "UserPromptSubmit": 'echo \'{"systemMessage": "Mind the oven."}\'',
        "PreToolUse": "echo no >&2; exit 2",
        "PostToolUse": "exit 1",
        "SessionStart": "echo hello",
    }
    call = turn(tool("Bash", command="true"), tool("Read", file_path="absent"))
    for more in (
        {},
        {"Stop": 'echo \'{"continue": false, "stopReason": "Enough."}\''},
        {"UserPromptSubmit": "echo no >&2; exit 2"},
    ):
        settings = json.dumps({"hooks": {name: entry(line) for name, line in {**lines, **more}.items()}})
        with playing(place, [call, DONE, DONE], *BYPASS, "--settings", settings) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def servers(place: Place) -> Iterator[Played]:
    """Of a process, of the host, one that fails and one that is no server; questions of a server."""
    entries: Json = {
        "asking": {"command": sys.executable, "args": [str(ASKING)]},
        "own": {"type": "sdk", "name": "own"},
        "gone": {"command": "/nonexistent-server"},
        "page": {"type": "http", "url": "http://127.0.0.1:9/mcp"},
        "odd": {"type": "odd"},
    }
    calls = [tool_input(f"mcp__asking__{each}", {}) for each in ("ask", "page")]
    read = [tool("ListMcpResourcesTool"), tool("ReadMcpResourceTool", server="asking", uri="notes://one")]
    script = [turn(*calls), turn(tool("mcp__own__echo", text="x"), *read, tool("ToolSearch", query="ask")), DONE]
    answers: Answers = {
        "mcp_message": _server,
        "elicitation": lambda _: {"action": "accept", "content": {"city": "Ulm"}},
    }
    flags = ("--mcp-config", json.dumps({"mcpServers": entries}), "--require-mcp", "asking", *BYPASS)
    with playing(place, script, *flags, answers=answers, hooks=True) as (wire, _):
        wire.ask("mcp_status")
        wire.say("go")
        wire.turn()
        for subtype, fields in (
            ("mcp_status", {}),
            ("mcp_toggle", {"serverName": "own", "enabled": False}),
            ("mcp_reconnect", {"serverName": "asking"}),
            ("mcp_reconnect", {"serverName": "gone"}),
            ("mcp_status", {}),
            ("get_context_usage", {}),
            ("mcp_read_resource", {"serverName": "asking", "uri": "notes://one"}),
        ):
            wire.answer(wire.request(subtype, **fields))
        yield played(wire)


def _server(request: Json) -> Json:
    """A server in the host that has one tool."""
    message = request["message"]
    if "id" not in message:
        return {"mcp_response": {"jsonrpc": "2.0", "result": {}}}
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    about = {"readOnlyHint": True}
    found: Json = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "own", "version": "1"},
        },
        "tools/list": {
            "tools": [{"name": "echo", "description": "Says it", "inputSchema": schema, "annotations": about}]
        },
        "tools/call": {"content": [text("heard")], "isError": False},
    }
    return {"mcp_response": {"jsonrpc": "2.0", "id": message["id"], "result": found.get(message["method"], {})}}
