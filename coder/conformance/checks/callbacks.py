"""Checks of what the command asks its host: leave, hooks, servers. Must not know how a command is started."""

from __future__ import annotations

import json

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.checks.turns import STDIO, TOUCH
from coder.conformance.ground import Ground
from coder.core.messages import Json

_SERVER = json.dumps({"mcpServers": {"host": {"type": "sdk", "name": "host"}}})
_PRE = {"PreToolUse": [{"matcher": "Bash", "hookCallbackIds": ["hook_0"]}]}


async def _allowed(ground: Ground) -> None:
    await ground.serve(TOUCH, "Done.")
    asked: list[Json] = []

    def allow(request: Json) -> Json:
        asked.append(request)
        return {"behavior": "allow", "updatedInput": {**request["input"], "command": "touch other"}}

    async with ground.talk(*STDIO, answers={"can_use_tool": allow}) as wire:
        await wire.ask("initialize", hooks=None)
        await wire.say("go")
        await wire.turn()
        await wire.clean()
    expect(len(asked) == 1, "one question", asked)
    seen = (asked[0].get("tool_name"), bool(asked[0].get("tool_use_id")), asked[0]["input"].get("command"))
    expect_equal(seen, ("Bash", True, "touch made"), "tool_name, a tool_use_id and the command to be")
    made = sorted(path.name for path in ground.project.iterdir() if path.name in ("made", "other"))
    expect_equal(made, ["other"], "the input of the host to be run:")


async def _denied(ground: Ground) -> None:
    api = await ground.serve(TOUCH, "Then not.")
    answers = {"can_use_tool": lambda request: {"behavior": "deny", "message": "WORDS-OF-THE-HOST"}}
    async with ground.talk(*STDIO, answers=answers) as wire:
        await wire.ask("initialize", hooks=None)
        await wire.say("go")
        result = (await wire.turn())[-1]
        await wire.rest()
    expect(not (ground.project / "made").exists(), "the call not to be run", "it was")
    told = repr(api.requests[-1]["messages"][-1])
    expect("WORDS-OF-THE-HOST" in told, "the model to be told why", told)
    denied = [each.get("tool_name") for each in result.get("permission_denials") or []]
    expect_equal(denied, ["Bash"], "permission_denials to name")


async def _failed(ground: Ground) -> None:
    """A host whose code fails answers with an error."""
    await ground.serve(TOUCH, "Then not.")
    async with ground.talk(*STDIO) as wire:
        await wire.say("go")
        await wire.turn()
        await wire.rest()
    asked = [each.get("subtype") for each in wire.asked]
    expect_equal(asked, ["can_use_tool"], "what is asked to be")
    expect(not (ground.project / "made").exists(), "an error to be a no", "the call was run")


async def _unasked(ground: Ground) -> None:
    await ground.serve(TOUCH, "Done.")
    async with ground.talk(*STDIO, "--allowedTools", "Bash(touch *)") as wire:
        await wire.say("go")
        await wire.turn()
        await wire.clean()
    expect(not wire.asked and (ground.project / "made").exists(), "what is allowed not to be asked", wire.asked)


async def _hook(ground: Ground) -> None:
    api = await ground.serve(TOUCH, "Then not.")
    called: list[Json] = []

    def deny(request: Json) -> Json:
        called.append(request)
        output = {"hookEventName": "PreToolUse", "permissionDecision": "deny"}
        return {"hookSpecificOutput": {**output, "permissionDecisionReason": "WORDS-OF-THE-HOOK"}}

    async with ground.talk("--allowedTools", "Bash(touch *)", answers={"hook_callback": deny}) as wire:
        await wire.ask("initialize", hooks=_PRE)
        await wire.say("go")
        await wire.turn()
        await wire.rest()
    expect(len(called) == 1, "one callback", called)
    given = called[0].get("input") or {}
    seen = (called[0].get("callback_id"), given.get("hook_event_name"), given.get("tool_name"))
    expect_equal(seen, ("hook_0", "PreToolUse", "Bash"), "callback_id, hook_event_name and tool_name to be")
    told = repr(api.requests[-1]["messages"][-1])
    expect("WORDS-OF-THE-HOOK" in told, "the model to be told why", told)
    expect(not (ground.project / "made").exists(), "the call not to be run", "it was")


async def _server(ground: Ground) -> None:
    api = await ground.serve({"tool": "mcp__host__echo", "input": {"word": "WORD-OF-THE-MODEL"}}, "Done.")
    flags = ("--mcp-config", _SERVER, "--allowedTools", "mcp__host__echo")
    async with ground.talk(*flags, answers={"mcp_message": _served}) as wire:
        await wire.ask("initialize", hooks=None)
        await wire.say("go")
        await wire.turn()
        await wire.clean()
    told = repr(api.requests[-1]["messages"][-1])
    expect("echo: WORD-OF-THE-MODEL" in told, "the model to be told what the server of the host said", told)
    methods = [each.get("message", {}).get("method") for each in wire.asked]
    wanted = ["initialize", "notifications/initialized", "tools/list", "tools/call"]
    expect_equal([name for name in methods if name in wanted], wanted, "what the server is sent to be")


def _served(request: Json) -> Json:
    message = request["message"]
    match message.get("method"):
        case "initialize":
            version = message["params"].get("protocolVersion")
            about = {"name": "host", "version": "1"}
            result: Json = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
        case "tools/list":
            schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
            result = {"tools": [{"name": "echo", "description": "says it again", "inputSchema": schema}]}
        case "tools/call":
            word = message["params"]["arguments"].get("word")
            result = {"content": [{"type": "text", "text": f"echo: {word}"}]}
        case _:
            result = {}
    return {"mcp_response": {"jsonrpc": "2.0", "result": result} | ({"id": message["id"]} if "id" in message else {})}


CHECKS = (
    Check("ask-allowed", "§7", "can_use_tool: a yes runs the input that the host gives", _allowed),
    Check("ask-denied", "§7", "can_use_tool: a no is told to the model, and listed", _denied),
    Check("ask-failed", "§7", "can_use_tool: a host that fails has said no", _failed),
    Check("ask-unasked", "§7", "can_use_tool: what is allowed is not asked", _unasked),
    Check("hook-callback", "§7", "hook_callback: hooks of the host are called, and can deny", _hook),
    Check("host-server", "§7", "mcp_message: tools of a server in the host are called", _server),
)
