from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
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


@pytest.mark.behaviour("B-2221", "B-2222")
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


@pytest.mark.behaviour("B-2223")
def test_a_host_that_leaves_or_interrupts_has_allowed_nothing(place: Place) -> None:
    script = [turn(tool("Bash", command="touch made")), turn(tool("Bash", command="touch made")), DONE]
    deny = {"behavior": "deny", "message": "Stop.", "interrupt": True}
    with fake_api(script) as api, wired(place, *STDIO, url=api.url, answers={"can_use_tool": lambda r: deny}) as wire:
        begun(wire)
        wire.say("go")
        stopped = wire.result()
        wire._answers = {}
        wire.say("again")
        wire.until(lambda frame: frame["type"] == "control_request")
        frames = wire.rest()
    assert stopped["is_error"] and stopped["subtype"] == "error_during_execution"
    assert frames[-1]["type"] == "result" and frames[-1]["permission_denials"]
    assert not (place.project / "made").exists()


@pytest.mark.behaviour("B-2224", "B-2225")
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


@pytest.mark.behaviour("B-2226")
def test_a_guard_that_does_not_answer_in_time_lets_nothing_through(place: Place) -> None:
    hooks = {
        "PreToolUse": [{"matcher": "Bash", "hookCallbackIds": ["silent"], "timeout": 0.05}],
        "PostToolUse": [{"matcher": "Write", "hookCallbackIds": ["silent"], "timeout": 0.05}],
    }
    write = tool("Write", file_path=str(place.project / "a.txt"), content="x")
    script = [turn(tool("Bash", command="ls"), write), DONE]
    with fake_api(script) as api, wired(place, "--permission-mode", "acceptEdits", url=api.url) as wire:
        begun(wire, hooks=hooks)
        wire.say("go")
        frames = wire.turn()
    told = results(frames)
    assert "the callback silent took longer than 0.05 s" in told[0]
    assert (place.project / "a.txt").exists()
    cancelled = [frame for frame in frames if frame["type"] == "control_cancel_request"]
    assert len(cancelled) == 2


class Server:
    """An MCP server in the host, as the SDKs have them."""

    def __init__(self, *, fails: int = 0) -> None:
        self.seen: list[str] = []
        self.fails = fails

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        message = request["message"]
        self.seen.append(message["method"])
        if "id" not in message:
            return {"mcp_response": {"jsonrpc": "2.0", "result": {}}}
        if request["server_name"] != "own":
            return self._error(message, -32601, "no such server")
        match message["method"]:
            case "initialize" if self.fails > 0:
                self.fails -= 1
                return self._error(message, -32000, "not yet")
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


def tools_of(api: RunningApi, number: int = 0) -> list[str]:
    return [each["name"] for each in api.requests[number]["tools"]]


@pytest.mark.behaviour("B-2227")
@pytest.mark.parametrize("by_flag", [True, False], ids=["--mcp-config", "initialize"])
def test_a_server_of_the_host_is_there_with_the_first_request(place: Place, by_flag: bool) -> None:
    entry = json.dumps({"mcpServers": {"own": {"type": "sdk", "name": "own"}}})
    flags = ("--mcp-config", entry) if by_flag else ()
    wanted = {} if by_flag else {"sdkMcpServers": ["own"], "sdkMcpServerConfigs": {"own": {"timeout": 90_000}}}
    server = Server()
    script = [turn(tool("mcp__own__echo", text="hello")), DONE]
    with (
        fake_api(script) as api,
        wired(
            place, *flags, "--allowedTools", "mcp__own__echo", url=api.url, answers={"mcp_message": server}
        ) as wire,
    ):
        begun(wire, **wanted)
        wire.say("go")
        init, *frames = wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
        assert "mcp__own__echo" in tools_of(api) and tools_of(api) == tools_of(api, 1)
    assert server.seen[:3] == ["initialize", "notifications/initialized", "tools/list"]
    assert {"name": "own", "status": "connected"} in init["mcp_servers"] and "mcp__own__echo" in init["tools"]
    assert "heard hello" in results(frames)[0]
    assert not list(Path(place.home).rglob("cache/mcp/*.json"))


@pytest.mark.behaviour("B-2228")
def test_a_server_of_the_host_that_failed_is_tried_again(place: Place) -> None:
    entry = json.dumps({"mcpServers": {"own": {"type": "sdk"}, "other": {"type": "sdk"}}})
    call = tool("UseTool", name="mcp__own__echo", arguments={"text": "late"})
    flags = ("--mcp-config", entry, "--allowedTools", "mcp__own__echo")
    server = Server(fails=1)
    with (
        fake_api([DONE, turn(call), DONE]) as api,
        wired(place, *flags, url=api.url, answers={"mcp_message": server}) as wire,
    ):
        begun(wire)
        wire.say("first")
        init, *_ = wire.turn()
        wire.say("second")
        frames = wire.turn()
        assert tools_of(api) == tools_of(api, 1), "what requests begin with never changes"
    assert {each["status"] for each in init["mcp_servers"]} == {"failed"}
    assert "heard late" in results(frames)[0]


@pytest.mark.behaviour("B-2229", "B-2220")
def test_initialize_brings_agents_and_chooses_skills(place: Place) -> None:
    for name in ("chosen", "other"):
        folder = place.project / ".claude" / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: The skill {name}-here.\n---\nDo it.\n")
    agents = {"helper": {"description": "helps a lot", "prompt": "Help.", "tools": ["Read"], "background": False}}
    with fake_api([DONE]) as api, wired(place, "--settings", '{"outputStyle": "none such"}', url=api.url) as wire:
        refused = wire.answer(wire.request("initialize", hooks={"PreToolUse": [{"hookCallbackIds": "x"}]}))
        answer = begun(
            wire, hooks=None, agents=agents, skills=["chosen"], systemPrompt="", appendSystemPrompt="Be kind."
        )
        wire.say("go")
        init, *_ = wire.turn()
        request = json.dumps(api.requests[0])
    assert refused["subtype"] == "error" and "hookCallbackIds" in refused["error"]
    assert {"name": "helper", "description": "helps a lot"} in answer["agents"] and "helper" in init["agents"]
    assert "chosen-here" in request and "other-here" not in request and "Be kind." in request
    assert answer["output_style"] == "none such" and "default" in answer["available_output_styles"]
    default = answer["models"][0]
    assert default["value"] == "default" and default["resolvedModel"] == init["model"]
    assert answer["account"]["apiKeySource"] == "ANTHROPIC_API_KEY" and "sk-test" not in json.dumps(answer)
    assert "hooks_applied" not in answer
    assert {"clear", "compact", "chosen"} <= {each["name"] for each in answer["commands"]}
