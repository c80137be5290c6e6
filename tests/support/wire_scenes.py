"""Sessions of real processes in which coder writes as many kinds of lines as it has, for whoever judges lines. Must not
know what is made of them.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

from coder.hooks.points import POINTS
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, What, fake_api, fault, rule, text, thinking, tool, tool_input, turn
from tests.support.fanout import GO, fan
from tests.support.pictures import png
from tests.support.plugged import put
from tests.support.wire import Answers, Json, Wire, wired

ASKING = Path(__file__).parent / "mcp_servers" / "asking.py"
STDIO = ("--permission-prompt-tool", "stdio")
ALL = ("--include-partial-messages", "--include-hook-events", "--replay-user-messages", "--forward-subagent-text")
BYPASS = ("--permission-mode", "bypassPermissions")
EVENTS = tuple(POINTS)
DONE = turn("Done.")
STALLS = fault("stall", after=2, times="forever")
SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
BEHIND = {"last_tool_result_contains": "works in the background"}


@dataclass(frozen=True, slots=True)
class Played:
    """What a process was asked and what it wrote, in order."""

    asked: list[Json]
    seen: list[Json]


Scene = Callable[[Place], Iterator[Played]]


def allow(request: Json) -> Json:
    given = request["input"]
    if request["tool_name"] == "AskUserQuestion":
        given = {**given, "answers": {each["question"]: "A" for each in given["questions"]}}
    return {"behavior": "allow", "updatedInput": given}


@contextmanager
def playing(
    place: Place, script: What, *flags: str, answers: Answers | None = None, hooks: bool = False, **more: Any
) -> Iterator[tuple[Wire, RunningApi]]:
    """`hooks`: the host is called at every point that there is."""
    every = {name: [{"hookCallbackIds": [f"at_{name}"]}] for name in EVENTS} if hooks else None
    said: Answers = {"can_use_tool": allow, "hook_callback": lambda _: {}, **(answers or {})}
    with (
        fake_api(script, allow_violations=True) as api,
        wired(place, *ALL, *flags, url=api.url, answers=said, **more) as wire,
    ):
        wire.ask("initialize", hooks=every)
        yield wire, api


def played(wire: Wire) -> Played:
    wire.rest()
    return Played(wire.asked, wire.seen)


def tools(place: Place) -> Iterator[Played]:
    """Every tool that there is, with hooks at every point."""
    here = place.project

    def at(name: str) -> str:
        return str(here / name)

    picture = base64.b64decode(png(20, 10).data)
    (here / "pic.png").write_bytes(picture)
    cell = {"cell_type": "code", "id": "c1", "source": ["1 + 1\n"], "metadata": {}, "outputs": [], "execution_count": 1}
    put(here, {"CLAUDE.md": "Use tabs.", "notes.txt": "one\ntwo\n", "nb.ipynb": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}})
    put(here, {".claude/skills/knead/SKILL.md": "---\nname: knead\ndescription: kneads\n---\nKnead it.\n"})
    options = [{"label": each, "description": each} for each in "AB"]
    question = {"question": "Which?", "header": "W", "options": options, "multiSelect": False}
    todo = {"content": "Bake", "status": "in_progress", "activeForm": "Baking"}
    groups = [
        [tool("Read", file_path=at("notes.txt")), tool("Read", file_path=at("pic.png")), tool("Read", file_path=at("nb.ipynb"))],
        [tool("Read", file_path=at("notes.txt")), tool("Read", file_path=at("notes.txt"), offset=2, limit=1)],
        [tool("Edit", file_path=at("notes.txt"), old_string="one", new_string="1")],
        [tool("Edit", file_path=at("notes.txt"), old_string="o", new_string="0", replace_all=True)],
        [tool("Edit", file_path=at("notes.txt"), old_string="absent", new_string="1")],
        [tool("Write", file_path=at("new/made.txt"), content="a\nb\n"), tool("Write", file_path=at("notes.txt"), content="x\n")],
        [tool("Glob", pattern="**/*.txt"), tool("Grep", pattern="a"), tool("Glob", pattern="*.none")],
        [tool("Grep", pattern="a", output_mode="content"), tool("Grep", pattern="a", output_mode="count")],
        [tool("Bash", command="echo hi; echo ho >&2"), tool("Bash", command="exit 3"), tool("Bash", command="true")],
        [tool("Bash", command="mkdir -p deep && cd deep"), tool("Bash", command="yes | head -c 200000")],
        [tool("NotebookEdit", notebook_path=at("nb.ipynb"), cell_id="c1", new_source="2")],
        [tool("NotebookEdit", notebook_path=at("nb.ipynb"), edit_mode="insert", cell_type="markdown", new_source="# hi")],
        [tool("NotebookEdit", notebook_path=at("nb.ipynb"), cell_id="c1", edit_mode="delete", new_source="")],
        [tool("TodoWrite", todos=[todo])],
        [tool("TodoWrite", todos=[{**todo, "status": "completed"}])],
        [tool("AskUserQuestion", questions=[question])],
        [tool("Skill", skill="knead")],
        [tool("EnterPlanMode")],
        [tool("ExitPlanMode", plan="1. Bake.")],
        [tool("Think", thought="hm"), tool("Git", action="status")],
        [tool("nothing", x=1), tool("Read", file_path=at("absent.txt"))],
    ]  # fmt: skip
    script = [turn(thinking("hm"), "I look.", *groups[0]), *(turn(*each) for each in groups[1:]), DONE]
    with playing(place, script, *STDIO, *BYPASS, "--session-mirror", hooks=True) as (wire, _):
        wire.say("go", uuid=str(uuid4()), origin={"kind": "human"})
        wire.turn()
        yield played(wire)


def web(place: Place) -> Iterator[Played]:
    with _site(b"<title>Notes</title>" + b"<p>The flag is --fast.</p>" * 400) as host:
        call = turn(tool("WebFetch", url=f"http://{host}/n", prompt="Which flag?"))
        script = {"rules": [rule({"system_contains": "You read one page"}, "It is --fast.")], "turns": [call, DONE]}
        settings = json.dumps({"webFetch": {"allowedPrivateHosts": [host]}})
        with playing(place, script, *BYPASS, "--settings", settings) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def shells(place: Place) -> Iterator[Played]:
    """Commands in the background: one that is looked at and ended, one that ends by itself."""
    later = rule({"last_user_contains": "task-notification"}, "It has ended.")
    begins = [turn(tool("Bash", command=each, run_in_background=True)) for each in ("sleep 999", "echo hi")]
    names: list[str] = []
    with playing(place, {"rules": [later], "turns": [*begins, DONE, DONE]}, *BYPASS, hooks=True) as (wire, _):
        wire.say("go")
        wire.turn()
        names += [each["task_id"] for each in wire.seen if each.get("subtype") == "task_started"]
        for name in names:
            wire.answer(wire.request("get_task_output", task_id=name))
        wire.answer(wire.request("background_tasks"))
        wire.ask("stop_task", task_id=names[0])
        yield played(wire)
    ends = turn(tool("TaskOutput", task_id="b1", block=False), tool("TaskStop", task_id="b1"))
    with playing(place, [begins[0], ends, DONE], *BYPASS) as (wire, _):
        wire.say("go")
        wire.turn()
        yield played(wire)


def agents(place: Place) -> Iterator[Played]:
    """In front and in the background, one that is stopped, one whose call is denied."""
    reads = rule({"user_regex": "^part"}, tool("Bash", command="echo hi"), tool("WebFetch", url="x", prompt="y"), times=1)
    for behind in (False, True):
        script = fan(["part x"], reads, rule(BEHIND, "One."), rule({"last_user_contains": "<task-n"}, "Two."), run_in_background=behind)
        script["rules"].insert(0, rule({"last_tool": "WebFetch"}, "Report."))
        with playing(place, script, *STDIO, hooks=True) as (wire, _):
            wire.say(GO)
            wire.turn()
            yield played(wire)
    stalled = rule({"user_regex": "^part"}, "Never.", fault=STALLS)
    with playing(place, fan(["part x"], stalled, rule(BEHIND, "On."), run_in_background=True), hooks=True) as (wire, _):
        wire.say(GO)
        name = next(each["task_id"] for each in wire.turn() if each.get("subtype") == "task_started")
        wire.ask("stop_task", task_id=name)
        yield played(wire)


def permissions(place: Place) -> Iterator[Played]:
    """Asked, denied by the host, by a rule, by the mode; a run that ends at a refusal."""
    calls = [tool("Bash", command="touch a"), tool("Bash", command="rmdir b"), tool("Read", file_path="/etc/hostname")]
    calls += [tool("Edit", file_path=".git/config", old_string="a", new_string="b"), tool("Bash", command="rm -rf ~")]

    def decide(request: Json) -> Json:
        if request["tool_name"] == "Bash":
            return {"behavior": "allow", "updatedInput": request["input"], "updatedPermissions": request["permission_suggestions"]}
        return {"behavior": "deny", "message": "no", "interrupt": request["tool_name"] == "Edit"}

    denies = ("--disallowedTools", "Bash(rmdir *)")
    with playing(place, [turn(*calls), DONE], *STDIO, *denies, hooks=True, answers={"can_use_tool": decide}) as (wire, _):
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
        "UserPromptSubmit": "echo '{\"systemMessage\": \"Mind the oven.\"}'",
        "PreToolUse": "echo no >&2; exit 2",
        "PostToolUse": "exit 1",
        "SessionStart": "echo hello",
    }
    call = turn(tool("Bash", command="true"), tool("Read", file_path="absent"))
    for more in ({}, {"Stop": "echo '{\"continue\": false, \"stopReason\": \"Enough.\"}'"}, {"UserPromptSubmit": "echo no >&2; exit 2"}):
        settings = json.dumps({"hooks": {name: entry(line) for name, line in {**lines, **more}.items()}})
        with playing(place, [call, DONE, DONE], *BYPASS, "--settings", settings) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def failures(place: Place) -> Iterator[Played]:
    """What the API may answer."""
    quick = {"retry_after": 0.01}
    again = [fault("status", 529, times=2, **quick), fault("status", 429, **quick), fault("cut", after=3)]
    ends = [turn("x", fault=fault("status", code)) for code in (400, 401, 403, 404, 413)]
    odd = [turn("x", stop_reason=each) for each in ("max_tokens", "refusal", "pause_turn", "model_context_window_exceeded")]
    for each in ([turn("x", fault=again)], *([end] for end in ends), *([end, DONE] for end in odd)):
        with playing(place, each, hooks=True) as (wire, _):
            wire.say("go", uuid=str(uuid4()))
            wire.turn()
            yield played(wire)


def ends(place: Place) -> Iterator[Played]:
    """Every way in which a turn ends that is no failure of the API."""
    call = turn(tool("Bash", command="true"), repeat="forever")
    schema = ("--json-schema", json.dumps({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}))
    good, bad = turn(tool("Submit", n=1)), turn(tool("Submit", n="x"), repeat="forever")
    other = ("--model", "some-model")
    cases: list[tuple[list[Json], tuple[str, ...]]] = [
        ([call], ("--max-turns", "2")),
        ([call], ("--max-budget-usd", "0.0001")),
        ([call], ()),
        ([good, DONE], schema),
        ([bad], schema),
        ([turn("x", repeat="forever")], schema),
        ([DONE], other),
        ([turn(tool("Bash", command="touch x")), DONE], ("--permission-prompt-tool", "mcp__a__b")),
    ]
    for script, flags in cases:
        with playing(place, script, *flags) as (wire, _):
            wire.say("go")
            wire.turn()
            yield played(wire)


def talk(place: Place) -> Iterator[Played]:
    """Interrupts, a queue, commands, another conversation, and what is held back."""
    put(place.project, {".claude/commands/greet.md": "Greet $1.\n"})
    slow = turn(tool("Bash", command="sleep 999"))
    script = [turn("I stop here.", fault=fault("stall", after=2)), slow, *[turn("All is well.")] * 12]
    with playing(place, script, *BYPASS, hooks=True) as (wire, _):
        wire.say("one", uuid=str(uuid4()))
        wire.until(lambda frame: frame["type"] == "stream_event")
        wire.say("later", uuid=str(uuid4()))
        wire.ask("interrupt", cancel_queued=True)
        wire.turn()
        wire.say("go on")
        wire.turn()
        wire.say("two", uuid=str(uuid4()))
        wire.started("Bash")
        wire.say("three", uuid=str(uuid4()))
        wire.answer(wire.request("cancel_async_message", message_uuid=str(uuid4())))
        wire.ask("interrupt")
        wire.turn()
        wire.turn()
        for said in ("/greet Ann", "/context", "/cost", "/usage", "/nonsense", "/compact", "/help", "/clear"):
            wire.say(said, uuid=str(uuid4()))
            wire.turn()
        wire.say("kept", shouldQuery=False)
        wire.say("last")
        wire.turn()
        yield played(wire)


def requests(place: Place) -> Iterator[Played]:
    """All that a host may ask."""
    put(place.project, {"CLAUDE.md": "Use tabs.\n" * 50, "notes.txt": "hi", "deep/x": "", ".claude/settings.json": {"permissions": {"deny": ["Bash(rm *)"]}}})
    put(place.project, {".claude/agents/baker.md": "---\nname: baker\ndescription: bakes\n---\nBake.\n"})
    put(place.project, {".claude/skills/knead/SKILL.md": "---\nname: knead\ndescription: kneads\n---\nKnead it.\n"})
    name = str(uuid4())
    script = [turn(tool("Write", file_path=str(place.project / "made.txt"), content="a\n")), DONE, DONE]
    asked: list[tuple[str, Json]] = [
        ("get_context_usage", {}), ("get_usage", {}), ("get_settings", {}), ("list_permission_rules", {}),
        ("mcp_status", {}), ("mcp_set_servers", {"servers": {"new": {"command": "x"}}}),
        ("read_file", {"path": "notes.txt"}), ("read_file", {"path": "notes.txt", "encoding": "base64"}),
        ("read_file", {"path": "/etc/shadow"}), ("reload_skills", {}), ("reload_output_styles", {}),
        ("reload_plugins", {}), ("set_permission_mode", {"mode": "plan"}), ("set_permission_mode", {"mode": "default"}),
        ("set_model", {"model": "haiku"}), ("set_model", {"model": None}), ("set_max_thinking_tokens", {"max_thinking_tokens": 0}),
        ("apply_flag_settings", {"settings": {"permissions": {"allow": ["Bash(ls)"]}}}), ("rename_session", {"title": "Bread"}),
        ("register_repo_root", {"directory": "deep"}), ("seed_read_state", {"path": "notes.txt", "mtime": 0}),
        ("rewind_files", {"user_message_id": name, "dry_run": True}), ("rewind_files", {"user_message_id": "nope", "dry_run": True}),
        ("rewind_files", {"user_message_id": name}), ("initialize", {"hooks": None}), ("nonsense", {}),
        ("set_has_subscribers", {"has_subscribers": True}), ("list_models", {}), ("get_session_cost", {}),
        ("get_hooks_listing", {}), ("file_suggestions", {"query": "no"}), ("get_binary_version", {}),
        ("get_context_usage", {"detail": "summary"}),
    ]  # fmt: skip
    settings = json.dumps({"permissions": {"allow": ["Read"]}, "outputStyle": "none such"})
    env = {"CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING": "true"}
    with playing(place, script, *BYPASS, "--settings", settings, "--add-dir", str(place.home), env=env) as (wire, _):
        for again in (False, True):
            if again:
                wire.say("go", uuid=name)
                wire.turn()
            for subtype, fields in asked:
                wire.answer(wire.request(subtype, **fields))
        wire.say("more")
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
    answers: Answers = {"mcp_message": _server, "elicitation": lambda _: {"action": "accept", "content": {"city": "Ulm"}}}
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


def sessions(place: Place) -> Iterator[Played]:
    """Resumed, forked, cut short, and some that there are not; a plugin; what is compacted."""
    bread = put(place.home / "bread", {"commands/go.md": "Go.", ".claude-plugin/plugin.json": {"name": "bread"}})
    with playing(place, [DONE], "--plugin-dir", str(bread)) as (wire, _):
        wire.say("go")
        name = wire.result()["session_id"]
        yield played(wire)
    for flags in (("--resume", name), ("--resume", name, "--fork-session"), ("--continue", "--model", "opus")):
        with playing(place, [DONE, DONE], *flags, hooks=True) as (wire, _):
            wire.say("go on")
            wire.turn()
            yield played(wire)
    for number in range(3):
        put(place.project, {f"notes{number}.txt": f"a line of notes, number {number}\n" * 450})
    reads = [turn(tool("Read", file_path=str(place.project / f"notes{number}.txt"))) for number in range(3)]
    script = {"rules": [rule(SUMMARISES, "Of it.")], "turns": [*reads, DONE], "otherwise": "Noted."}
    with playing(place, script, *BYPASS, hooks=True) as (wire, _):
        for said in ("Read the notes.", "/compact what they say", "And now?", "/uncompact"):
            wire.say(said)
            wire.turn()
        yield played(wire)
    for odd in (("--resume", str(uuid4())), ("--resume", name, "--resume-session-at", str(uuid4())), ("--frobnicate",)):
        done = place.coder(*_SDK, *odd, url="http://127.0.0.1:9", stdin="")
        yield Played([], done.lines)


SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (tools, web, shells, agents, permissions, hooks, failures, ends, talk, requests, servers, sessions)
}
_SDK = ("--output-format", "stream-json", "--verbose", "--input-format", "stream-json")


def _server(request: Json) -> Json:
    """A server in the host that has one tool."""
    message = request["message"]
    if "id" not in message:
        return {"mcp_response": {"jsonrpc": "2.0", "result": {}}}
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    about = {"readOnlyHint": True}
    found: Json = {
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "own", "version": "1"}},
        "tools/list": {"tools": [{"name": "echo", "description": "Says it", "inputSchema": schema, "annotations": about}]},
        "tools/call": {"content": [text("heard")], "isError": False},
    }  # fmt: skip
    return {"mcp_response": {"jsonrpc": "2.0", "id": message["id"], "result": found.get(message["method"], {})}}


@contextmanager
def _site(page: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
