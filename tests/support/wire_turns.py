"""Sessions by how their turns go and end, and what is asked between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

from tests.support.cli import Place
from tests.support.fakeapi import fault, rule, tool, turn
from tests.support.plugged import put
from tests.support.wire import SDK, Json
from tests.support.wire_played import (
    BYPASS,
    DONE,
    SUMMARISES,
    Played,
    played,
    playing,
)


def failures(place: Place) -> Iterator[Played]:
    """What the API may answer."""
    quick = {"retry_after": 0.01}
    again = [fault("status", 529, times=2, **quick), fault("status", 429, **quick), fault("cut", after=3)]
    ends = [turn("x", fault=fault("status", code)) for code in (400, 401, 403, 404, 413)]
    odd = [
        turn("x", stop_reason=each) for each in ("max_tokens", "refusal", "pause_turn", "model_context_window_exceeded")
    ]
    for each in ([turn("x", fault=again)], *([end] for end in ends), *([end, DONE] for end in odd)):
        with playing(place, each, hooks=True) as (wire, _):
            wire.say("go", uuid=str(uuid4()))
            wire.turn()
            yield played(wire)


def ends(place: Place) -> Iterator[Played]:
    """Every way in which a turn ends that is no failure of the API."""
    call = turn(tool("Bash", command="true"), repeat="forever")
    schema = (
        "--json-schema",
        json.dumps({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),
    )
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
    script = [turn("This takes a while, " * 5, fault=fault("stall", after=4)), slow, *[turn("All is well.")] * 12]
    with playing(place, script, *BYPASS, "--effort", "low", hooks=True) as (wire, _):
        wire.say("one", uuid=str(uuid4()))
        wire.until(lambda frame: frame["type"] == "stream_event" and frame["event"]["type"] == "content_block_delta")
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
    put(
        place.project,
        {
            "CLAUDE.md": "Use tabs.\n" * 50,
            "notes.txt": "hi",
            "deep/x": "",
            ".claude/settings.json": {"permissions": {"deny": ["Bash(rm *)"]}},
        },
    )
    put(place.project, {".claude/agents/baker.md": "---\nname: baker\ndescription: bakes\n---\nBake.\n"})
    put(place.project, {".claude/skills/knead/SKILL.md": "---\nname: knead\ndescription: kneads\n---\nKnead it.\n"})
    name = str(uuid4())
    script = [turn(tool("Write", file_path=str(place.project / "made.txt"), content="a\n")), DONE, DONE]
    asked: list[tuple[str, Json]] = [
        ("get_context_usage", {}),
        ("get_usage", {}),
        ("get_settings", {}),
        ("list_permission_rules", {}),
        ("mcp_status", {}),
        ("mcp_set_servers", {"servers": {"new": {"command": "x"}}}),
        ("read_file", {"path": "notes.txt"}),
        ("read_file", {"path": "notes.txt", "encoding": "base64"}),
        ("read_file", {"path": "/etc/shadow"}),
        ("reload_skills", {}),
        ("reload_output_styles", {}),
        ("reload_plugins", {}),
        ("set_permission_mode", {"mode": "plan"}),
        ("set_permission_mode", {"mode": "default"}),
        ("set_model", {"model": "haiku"}),
        ("set_model", {"model": None}),
        ("set_max_thinking_tokens", {"max_thinking_tokens": 0}),
        ("apply_flag_settings", {"settings": {"permissions": {"allow": ["Bash(ls)"]}}}),
        ("rename_session", {"title": "Bread"}),
        ("register_repo_root", {"directory": "deep"}),
        ("seed_read_state", {"path": "notes.txt", "mtime": 0}),
        ("rewind_files", {"user_message_id": name, "dry_run": True}),
        ("rewind_files", {"user_message_id": "nope", "dry_run": True}),
        ("rewind_files", {"user_message_id": name}),
        ("initialize", {"hooks": None}),
        ("nonsense", {}),
        ("set_has_subscribers", {"has_subscribers": True}),
        ("list_models", {}),
        ("get_session_cost", {}),
        ("get_hooks_listing", {}),
        ("file_suggestions", {"query": "no"}),
        ("get_binary_version", {}),
        ("get_context_usage", {"detail": "summary"}),
    ]
    settings = json.dumps({"permissions": {"allow": ["Read"]}, "outputStyle": "none such"})
    env = {"CLAUDE_CODE_ENABLESDK_FILE_CHECKPOINTING": "true"}
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
        done = place.coder(*SDK, *odd, url="http://127.0.0.1:9", stdin="")
        yield Played([], done.lines)
