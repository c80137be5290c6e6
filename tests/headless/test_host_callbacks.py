from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.wire import Wire, wired

STDIO = ("--permission-prompt-tool", "stdio")
DONE = turn("Done.")


def results(frames: list[dict[str, Any]]) -> list[str]:
    """What the model was told of its calls."""
    return [
        json.dumps(frame["message"]["content"])
        for frame in frames
        if frame["type"] == "user" and frame["message"]["content"][0]["type"] == "tool_result"
    ]


def allow(request: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"behavior": "allow", "updatedInput": request["input"], **more}


def begun(wire: Wire, **initialize: Any) -> dict[str, Any]:
    return wire.ask("initialize", **initialize)


@pytest.mark.behaviour("B-2221")
@pytest.mark.behaviour("B-2222")
def test_the_host_decides_about_calls_and_what_holds_from_now_on(place: Place) -> None:
    asked: list[dict[str, Any]] = []

    def decide(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        if request["tool_name"] == "AskUserQuestion":
            return allow(request) | {"updatedInput": {**request["input"], "answers": {"Which?": ["A", "B"]}}}
        match request["input"].get("command"):
            case "touch first":
                return allow(request, updatedPermissions=request["permission_suggestions"])
            case "mkdir edited":
                return {"behavior": "allow", "updatedInput": {"command": "mkdir other"}}
            case "rm -rf ~/kept":
                return {"behavior": "deny", "message": "Keep that."}
            case _:
                raise RuntimeError("a bug of the host")

    options = [{"label": each, "description": each} for each in "AB"]
    question = {"question": "Which?", "header": "W", "options": options, "multiSelect": True}
    commands = ("touch first", "touch second", "mkdir edited", "rm -rf ~/kept", "mkdir third")
    script = [turn(*(tool("Bash", command=each) for each in commands), tool("AskUserQuestion", questions=[question]))]
    with (
        fake_api([*script, DONE]) as api,
        wired(place, *STDIO, url=api.url, answers={"can_use_tool": decide}) as wire,
    ):
        begun(wire)
        wire.say("go")
        frames = wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
    assert [each["input"].get("command") for each in asked] == [*commands[:1], *commands[2:], None]
    assert (place.project / "second").exists() and (place.project / "other").is_dir()
    assert not (place.project / "edited").exists() and not (place.project / "third").exists()
    kept = json.loads((place.project / ".coder" / "settings.local.json").read_text())
    assert kept["permissions"]["allow"] == ["Bash(touch *)"]
    told = results(frames)
    assert "Keep that." in told[3] and "could not answer: a bug of the host" in told[4] and "Which? A, B" in told[5]
    assert asked[0]["tool_use_id"] and asked[0]["decision_reason"] and asked[0]["title"] == "Allow Bash touch first?"
    assert asked[2]["default_to_no"] is True and asked[2]["permission_suggestions"] == []
    denied = [each["tool_input"]["command"] for each in frames[-1]["permission_denials"]]
    assert denied == ["rm -rf ~/kept", "mkdir third"]
    assert not [frame for frame in frames if frame.get("subtype") == "permission_denied"]


@pytest.mark.behaviour("B-2224")
def test_hooks_are_called_back(place: Place) -> None:
    called: list[dict[str, Any]] = []

    def hook(request: dict[str, Any]) -> dict[str, Any]:
        called.append(request)
        given = request["input"]
        specific: dict[str, Any] = {"hookEventName": given["hook_event_name"]}
        match request["callback_id"]:
            case "guard" if "no" in given["tool_input"]["command"]:
                specific |= {"permissionDecision": "deny", "permissionDecisionReason": "The guard says no."}
            case "guard":
                specific |= {"permissionDecision": "allow"}
            case "broken":
                raise RuntimeError("a bug of the host")
            case "start" | "after":
                specific["additionalContext"] = f"said {request['callback_id']}"
            case "detached":
                return {"async": True}
        return {"continue": True, "hookSpecificOutput": specific}

    bash = {"matcher": "Bash", "hookCallbackIds": ["guard", "broken", "detached"], "timeout": 5}
    hooks = {
        "PreToolUse": [bash, {"matcher": "Write", "hookCallbackIds": ["broken"], "onFailure": "block"}],
        "PostToolUse": [{"matcher": None, "hookCallbackIds": ["after"]}],
        "SessionStart": [{"hookCallbackIds": ["start"]}],
        "PreModelSwitch": [{"hookCallbackIds": ["unknown"]}],
    }
    write = tool("Write", file_path=str(place.project / "a.txt"), content="x")
    script = [turn(tool("Bash", command="touch yes"), tool("Bash", command="touch no"), write), DONE]
    with (
        fake_api([*script, DONE]) as api,
        wired(place, "--include-hook-events", url=api.url, answers={"hook_callback": hook}) as wire,
    ):
        answer = begun(wire, hooks=hooks)
        wire.say("go")
        frames = wire.turn()
        begun(wire, hooks={"UserPromptSubmit": [{"hookCallbackIds": ["other"]}]})
        called_before = len(called)
        wire.say("again")
        wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
        assert "said start" in json.dumps(api.requests[0]) and "said after" in json.dumps(api.requests[1])
    assert answer["hooks_applied"] is True and answer["hook_on_failure_supported"] is True
    assert (place.project / "yes").exists() and not (place.project / "no").exists()
    told = results(frames)
    assert "The guard says no." in told[1] and "a bug of the host" in told[2]
    assert not (place.project / "a.txt").exists()
    guard = next(each for each in called if each["callback_id"] == "guard")
    assert guard["tool_use_id"] == guard["input"]["tool_use_id"] and guard["input"]["tool_name"] == "Bash"
    assert [each["callback_id"] for each in called[called_before:]] == ["other"]
    events = [frame for frame in frames if frame.get("subtype") == "hook_response"]
    outcomes = [frame["outcome"] for frame in events if frame["hook_event"] == "PreToolUse"]
    assert sorted(outcomes[:3]) == ["error", "success", "success"]


class Server:
    """An MCP server in the host, as the SDKs have them."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        message = request["message"]
        self.seen.append(message["method"])
        if "id" not in message:
            return {"mcp_response": {"jsonrpc": "2.0", "result": {}}}
        if request["server_name"] != "own":
            return self._error(message, -32601, "no such server")
        match message["method"]:
            case "initialize":
                result: dict[str, Any] = {
                    "protocolVersion": "2025-06-18",
                    "capabilities": {"tools": {"listChanged": False}},
                    "serverInfo": {"name": "own", "version": "1.0"},
                }
            case "tools/list":
                schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
                result = {"tools": [{"name": "echo", "description": "Says it again", "inputSchema": schema}]}
            case "tools/call":
                text = f"heard {message['params']['arguments']['text']}"
                result = {"content": [{"type": "text", "text": text}], "isError": False}
            case _:
                return self._error(message, -32601, "Method not found")
        return {"mcp_response": {"jsonrpc": "2.0", "id": message["id"], "result": result}}

    @staticmethod
    def _error(message: dict[str, Any], code: int, text: str) -> dict[str, Any]:
        return {"mcp_response": {"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": text}}}


@pytest.mark.behaviour("B-2220")
@pytest.mark.behaviour("B-2227")
@pytest.mark.behaviour("B-2229")
def test_what_the_host_brings_is_there_with_the_first_request(place: Place) -> None:
    for name in ("chosen", "other"):
        folder = place.project / ".claude" / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: The skill {name}-here.\n---\nDo it.\n")
    entry = json.dumps({"mcpServers": {"own": {"type": "sdk", "name": "own"}}})
    flags = ("--mcp-config", entry, "--allowedTools", "mcp__own__echo", "--settings", '{"outputStyle": "none such"}')
    agents = {"helper": {"description": "helps a lot", "prompt": "Help.", "tools": ["Read"], "background": False}}
    server = Server()
    with (
        fake_api([turn(tool("mcp__own__echo", text="hello")), DONE]) as api,
        wired(place, *flags, url=api.url, answers={"mcp_message": server}) as wire,
    ):
        refused = wire.answer(wire.request("initialize", hooks={"PreToolUse": [{"hookCallbackIds": "x"}]}))
        answer = begun(wire, hooks=None, agents=agents, skills=["chosen"], appendSystemPrompt="Be kind.")
        wire.say("go")
        frames = wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
        first, second = api.requests
    assert refused["subtype"] == "error" and "hookCallbackIds" in refused["error"]
    assert {"name": "helper", "description": "helps a lot"} in answer["agents"]
    assert answer["output_style"] == "none such" and "default" in answer["available_output_styles"]
    assert answer["account"]["apiKeySource"] == "ANTHROPIC_API_KEY" and "sk-test" not in json.dumps(answer)
    assert {"clear", "compact", "chosen"} <= {each["name"] for each in answer["commands"]}
    init = next(frame for frame in frames if frame.get("subtype") == "init")
    assert {"name": "own", "status": "connected"} in init["mcp_servers"] and "mcp__own__echo" in init["tools"]
    assert "helper" in init["agents"] and "hooks_applied" not in answer
    assert answer["models"][0]["value"] == "default" and answer["models"][0]["resolvedModel"] == init["model"]
    assert server.seen[:3] == ["initialize", "notifications/initialized", "tools/list"]
    assert "heard hello" in results(frames)[0]
    assert first["tools"] == second["tools"] and "mcp__own__echo" in [each["name"] for each in first["tools"]]
    request = json.dumps(first)
    assert "chosen-here" in request and "other-here" not in request and "Be kind." in request
