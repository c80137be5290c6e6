"""Checks of the fields that the SDKs cannot do without. Must not know how a command is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coder.conformance.check import Check, Unmet, expect, expect_equal
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import blocks, kinds, of_type, only_result
from coder.conformance.ground import Ground
from coder.core.messages import Json

_ECHO = {"tool": "Bash", "input": {"command": "echo hi", "description": "say hi"}}
_INIT: Mapping[str, type] = {
    "session_id": str,
    "uuid": str,
    "cwd": str,
    "tools": list,
    "mcp_servers": list,
    "model": str,
    "permissionMode": str,
    "slash_commands": list,
    "apiKeySource": str,
    "claude_code_version": str,
    "output_style": str,
    "agents": list,
    "skills": list,
    "plugins": list,
}
_RESULT: Mapping[str, type | tuple[type, ...]] = {
    "subtype": str,
    "duration_ms": int,
    "duration_api_ms": int,
    "is_error": bool,
    "num_turns": int,
    "session_id": str,
    "uuid": str,
    "total_cost_usd": (int, float),
    "usage": dict,
    "modelUsage": dict,
    "permission_denials": list,
    "terminal_reason": str,
}
_USAGE: Mapping[str, type | tuple[type, ...]] = {"inputTokens": int, "outputTokens": int, "costUSD": (int, float)}
_BLOCKS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "thinking": ("thinking", "signature"),
    "tool_use": ("id", "name", "input"),
    "tool_result": ("tool_use_id",),
}


async def _run(ground: Ground, *args: str) -> list[Json]:
    await ground.serve({"thinking": "hm", "text": "Look.", **_ECHO}, "Done.")
    done = await ground.run("-p", "go", *STREAM, *args)
    done.clean()
    return done.frames


async def _init(ground: Ground) -> None:
    frames = await _run(ground)
    found = of_type(frames, "system", "init")
    expect(len(found) == 1, "one system/init", kinds(frames))
    _typed(found[0], _INIT, "system/init")
    expect("Task" in found[0]["tools"], "the tool for agents in `tools`, as Task", found[0]["tools"])
    expect_equal(found[0]["cwd"], str(ground.project), "cwd to be")
    expect("general-purpose" in found[0]["agents"], "general-purpose in `agents`", found[0]["agents"])


async def _init_first(ground: Ground) -> None:
    names = [frame.get("type") for frame in await _run(ground)]
    expect(names[:1] == ["system"], "system/init first", names[:3])


async def _style(ground: Ground) -> None:
    await ground.serve("Done.")
    done = await ground.run("-p", "go", "--settings", '{"outputStyle": "no-such-style"}', *STREAM)
    found = of_type(done.frames, "system", "init")
    expect_equal([each.get("output_style") for each in found], ["no-such-style"], "output_style of init to be")


async def _assistant(ground: Ground) -> None:
    frames = await _run(ground)
    for frame in of_type(frames, "assistant"):
        message = _dict(frame, "message")
        _typed(message, {"content": list, "model": str, "role": str}, "the message of assistant")
        alone = {"parent_tool_use_id": None}.items() <= frame.items()
        expect(alone, "parent_tool_use_id null, outside of agents", frame.get("parent_tool_use_id", "not there"))
    ids = [_dict(frame, "message").get("id") for frame in of_type(frames, "assistant")]
    expect(len(set(map(repr, ids))) == 2, "one message id for each of two replies, however many frames they are", ids)
    kinds_seen = [kind for kind in ("thinking", "text", "tool_use") if blocks(frames, kind, "assistant")]
    expect_equal(kinds_seen, ["thinking", "text", "tool_use"], "blocks of assistant messages to be")
    _whole_blocks(frames, "assistant")


async def _user(ground: Ground) -> None:
    frames = await _run(ground)
    results = blocks(frames, "tool_result", "user")
    uses = blocks(frames, "tool_use", "assistant")
    expect(len(results) == 1, "one tool_result in a user message", kinds(frames))
    expect_equal(results[0].get("tool_use_id"), uses[0].get("id"), "tool_use_id to be")
    with_output = [frame for frame in of_type(frames, "user") if "tool_use_result" in frame]
    expect(len(with_output) == 1, "tool_use_result beside the tool_result", kinds(frames))
    _whole_blocks(frames, "user")


async def _ids(ground: Ground) -> None:
    frames = [frame for frame in await _run(ground) if not str(frame.get("type")).startswith("control_")]
    ids = [frame.get("uuid") for frame in frames]
    expect(all(isinstance(each, str) for each in ids), "a uuid in every message", kinds(frames))
    expect(len(ids) == len(set(ids)), "each uuid once", ids)
    expect(len({frame.get("session_id") for frame in frames}) == 1, "one session_id in all messages", kinds(frames))


async def _result(ground: Ground) -> None:
    found = only_result(await _run(ground))
    _typed(found, _RESULT, "the result")
    expect_equal((found.get("result"), found["terminal_reason"]), ("Done.", "completed"), "its text and reason to be")
    expect_equal(found["num_turns"], 2, "num_turns to be")
    for model, usage in found["modelUsage"].items():
        _typed(usage, _USAGE, f"modelUsage of {model}")


def _typed(found: Json, fields: Mapping[str, type | tuple[type, ...]], what: str) -> None:
    wrong = [
        f"{name}: {found[name]!r}" if name in found else f"{name}: not there"
        for name, kind in fields.items()
        if not isinstance(found.get(name), kind)
    ]
    if wrong:
        raise Unmet(f"all fields of {what}, of their types", "; ".join(wrong))


def _whole_blocks(frames: Sequence[Json], role: str) -> None:
    for kind, fields in _BLOCKS.items():
        for block in blocks(frames, kind, role):
            missing = [name for name in fields if name not in block]
            expect(not missing, f"{', '.join(fields)} in each {kind} block", block)


def _dict(found: Json, name: str) -> Json:
    value = found.get(name)
    if not isinstance(value, dict):
        raise Unmet(f"an object as {name}", found)
    return value


CHECKS = (
    Check("init-fields", "§3", "system/init has its fields", _init),
    Check("init-first", "§3", "system/init comes before all else of a turn", _init_first),
    Check("init-style", "§3", "system/init has the output style as it was set, known or not", _style),
    Check("assistant-shape", "§3", "assistant messages and their blocks are whole; thinking is signed", _assistant),
    Check("user-shape", "§3", "tool results are user messages, with what the tool gave beside", _user),
    Check("message-ids", "§3", "every message has a uuid of its own and the session's id", _ids),
    Check("result-fields", "§3", "a result has its fields, usage and costs", _result),
)
