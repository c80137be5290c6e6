"""What is told to a program that reads along, field by field."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.reach.rows import ServerRow
from coder.app.session_facts import SessionFacts
from coder.app.spent import Spent
from coder.core.events import CompactionEnded, EndReason, ModelRetrying, RunEnded
from coder.core.messages import Json, Message, Meta, Opaque, Text, Thinking, ToolUse, Usage
from coder.core.plugins import Plugin, PluginProblem, PluginSettings
from coder.frontends.stream_json import convert
from coder.frontends.stream_json.ended import Turn
from coder.frontends.stream_json.limits import Limits
from coder.frontends.stream_json.opening import key_source
from coder.frontends.stream_json.partial import Partial
from coder.frontends.stream_json.progress import Progress
from tests.support.linked import offered

FACTS = SessionFacts("s1", Path("/p"), ("Read", "Agent", "mcp__a__b"), "m", "default", "ANTHROPIC_API_KEY", None)
NOTHING_SPENT = Spent(0.0, {}, 0.0, Usage())
CALL = ToolUse("t1", "Bash", {"command": "sleep 99"})


@pytest.mark.behaviour("B-2249")
def test_the_session_as_a_turn_begins() -> None:
    there = ServerRow("srv", "connected", tools=(offered("srv", "look"),))
    failed = ServerRow("a", "failed")
    away = ServerRow("other", "connecting", tools=(offered("other", "look"),))
    told = convert.init(
        FACTS, servers=(there, away, failed), skipped=[("bad", "unknown_type", "it is odd")], capabilities=["c_v1"]
    )
    assert told["tools"] == ["Read", "Task", "mcp__a__b", "mcp__srv__look"]
    assert "mcp__a__b" not in convert.init(FACTS, servers=(there, away))["tools"], "its server has been removed"
    assert told["mcp_servers"][:2] == [{"name": "srv", "status": "connected"}, {"name": "other", "status": "pending"}]
    assert told["mcp_server_errors"] == [{"name": "bad", "type": "unknown_type", "message": "it is odd"}]
    assert told["capabilities"] == ["c_v1"] and told["output_style"] == "default" and told["plugins"] == []
    assert convert.init(FACTS).keys() == told.keys() - {"mcp_server_errors", "capabilities"}


@pytest.mark.behaviour("B-2400")
@pytest.mark.behaviour("B-2401")
def test_plugins_of_the_session() -> None:
    there = Plugin("bakery", Path("/named"), Path("/root"), Path("/data"))
    wrong = PluginProblem("gone", "path-not-found", "it is not there")
    told = convert.init(replace(FACTS, plugins=PluginSettings((), {}, (there,), (wrong,))))
    assert told["plugins"] == [{"name": "bakery", "path": "/named"}]
    assert told["plugin_errors"] == [{"plugin": "gone", "type": "path-not-found", "message": "it is not there"}]
    assert "plugin_errors" not in convert.init(replace(FACTS, plugins=PluginSettings((), {}, (there,))))


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("apiKeyHelper", "apiKeyHelper"),
        ("ANTHROPIC_AUTH_TOKEN", "none"),
        ("none", "none"),
        ("~/.coder/credentials", "/login managed key"),
    ],
)
def test_where_the_key_came_from(known: str, told: str) -> None:
    assert key_source(known) == told


_ENDS: list[tuple[EndReason, str, str]] = [
    ("done", "success", "completed"),
    ("max_turns", "error_max_turns", "max_turns"),
    ("budget", "error_max_budget_usd", "budget_exhausted"),
    ("unfit", "error_max_structured_output_retries", "structured_output_retry_exhausted"),
    ("interrupted", "error_during_execution", "aborted_streaming"),
    ("model_error", "success", "api_error"),
    ("context_full", "success", "prompt_too_long"),
]


@pytest.mark.behaviour("B-2250")
@pytest.mark.parametrize(("reason", "subtype", "terminal"), _ENDS)
def test_how_a_run_ended(reason: EndReason, subtype: str, terminal: str) -> None:
    kind = "not_found" if subtype == "success" and reason != "done" else ""
    ended = RunEnded(
        reason=reason, turns=2, text="All.", error="404 nope" if kind else "why", error_kind=kind, status=404
    )
    told = convert.result(FACTS, ended, NOTHING_SPENT, [], 1.5, Turn(40, False, "u1", {"kind": "human"}))
    assert (told["subtype"], told["terminal_reason"], told["is_error"]) == (subtype, terminal, reason != "done")
    assert (told["duration_ms"], told["num_turns"], told["ttft_ms"]) == (1500, 2, 40)
    assert (told["user_message_uuid"], told["origin"]) == ("u1", {"kind": "human"})
    if subtype == "success":
        assert told["result"] == ("API Error: 404 nope" if kind else "All.") and "errors" not in told
        assert told["api_error_status"] == (404 if kind else None)
    else:
        assert told["errors"] == ["why"] and "result" not in told


@pytest.mark.behaviour("B-2250")
def test_an_interrupt_while_calls_run() -> None:
    ended = RunEnded(reason="interrupted", turns=1)
    told = convert.result(FACTS, ended, NOTHING_SPENT, [], 0.0, Turn(in_tools=True))
    assert told["terminal_reason"] == "aborted_tools" and not {"ttft_ms", "user_message_uuid", "origin"} & told.keys()


@pytest.mark.behaviour("B-2251")
def test_a_thought_always_has_a_signature() -> None:
    odd = Opaque({"type": "thinking", "thinking": None})
    message = Message("assistant", (Thinking("hm"), odd, Text("x")), Meta("u", "reply"))
    blocks = [shape["message"]["content"][0] for shape in convert.assistant("s1", message)]
    assert blocks[:2] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "thinking", "thinking": "", "signature": ""},
    ]


@pytest.mark.behaviour("B-2247")
def test_events_are_given_on_as_they_came_and_timed() -> None:
    now = [10.0]
    partial = Partial(lambda: now[0], is_told=True)
    partial.turn_begins()
    now[0] = 11.0
    partial.asks()
    now[0] = 11.25
    start = {"type": "message_start", "message": {"x": [1]}}
    first = partial.shape("s1", start)
    assert first is not None and first["event"] is start and (first["ttft_ms"], partial.first_ms) == (250, 1250)
    assert partial.shape("s1", {"type": "ping"}) is None and partial.shape("s1", {"type": "error"}) is None
    delta = partial.shape("s1", {"type": "content_block_delta"})
    assert delta is not None and "ttft_ms" not in delta and delta["parent_tool_use_id"] is None
    quiet = Partial(lambda: now[0])
    assert quiet.shape("s1", start) is None and quiet.first_ms == 0


@pytest.mark.behaviour("B-2252")
async def test_a_call_that_takes_long_is_told_of_until_it_has_ended() -> None:
    told: asyncio.Queue[Json] = asyncio.Queue()
    progress = Progress(told.put_nowait, beat=0.001)
    progress.started("s1", CALL)
    async with asyncio.timeout(30):
        first, second = await told.get(), await told.get()
    assert (first["tool_use_id"], first["tool_name"], first["parent_tool_use_id"]) == ("t1", "Bash", None)
    assert first["type"] == "tool_progress" and second["elapsed_time_seconds"] >= first["elapsed_time_seconds"] >= 0
    progress.finished("t1")
    while not told.empty():
        told.get_nowait()
    progress.started("s1", ToolUse("t2", "Bash", {}))
    async with asyncio.timeout(30):
        assert {(await told.get())["tool_use_id"] for _ in range(4)} == {"t2"}
    progress.stop()


@pytest.mark.behaviour("B-2253")
def test_a_rate_limit_is_told_when_it_begins_and_when_it_ends() -> None:
    def refused(kind: str, asked: float | None = None) -> ModelRetrying:
        return ModelRetrying(attempt=1, max_retries=3, delay=1, kind=kind, status=429, message="", asked=asked)

    limits = Limits(lambda: 1000.0)
    assert limits.retrying("s1", refused("server")) is None and limits.replied("s1") is None
    told = limits.retrying("s1", refused("rate_limit", 20.0))
    assert told is not None and told["type"] == "rate_limit_event"
    assert told["rate_limit_info"] == {"status": "rejected", "resetsAt": 1020}
    assert limits.retrying("s1", refused("rate_limit")) is None
    well = limits.replied("s1")
    assert well is not None and well["rate_limit_info"] == {"status": "allowed"} and limits.replied("s1") is None


def test_how_a_compaction_went() -> None:
    shorter = CompactionEnded(trigger="auto", before=100, after=40)
    assert convert.compacting("s1", shorter)["compact_result"] == "success"
    about: Any = convert.compact_boundary("s1", shorter)["compact_metadata"]
    assert about == {"trigger": "auto", "pre_tokens": 100, "post_tokens": 40}
    failed = convert.compacting("s1", CompactionEnded(trigger="auto", before=100, after=100, error="no"))
    assert (failed["status"], failed["compact_result"], failed["compact_error"]) == (None, "failed", "no")


def test_what_the_host_said_comes_back() -> None:
    told = convert.replayed("s1", "u1", [{"type": "text", "text": "x"}], is_synthetic=True, origin={"kind": "human"})
    assert told["message"] == {"role": "user", "content": [{"type": "text", "text": "x"}]} and told["uuid"] == "u1"
    assert told["isReplay"] and told["isSynthetic"] and told["origin"] == {"kind": "human"}
    assert not {"isSynthetic", "origin"} & convert.replayed("s1", "u1", "x").keys()
    assert convert.informational("s1", "error", "x")["level"] == "warning"


@pytest.mark.behaviour("B-2771")
def test_what_is_left_of_a_reply_that_was_cut_short_says_so() -> None:
    left = Meta(uuid="0b5c0c0e-0000-4000-8000-000000000000", kind="reply", stop_reason="interrupted")
    told = [
        shape
        for text in ("Half an", "Whole.")
        for meta in [left if text == "Half an" else Meta(api_id="msg_1", model="m", stop_reason="end_turn")]
        for shape in convert.assistant("s1", Message("assistant", (Text(text),), meta), model="asked")
    ]
    cut, whole = (each["message"] for each in told)
    assert [each.get("aborted") for each in told] == [True, None]
    assert (cut["stop_reason"], cut["model"], cut["id"]) == (None, "asked", "msg_0b5c0c0e000040008000000000000000")
    assert (whole["stop_reason"], whole["model"], whole["id"]) == ("end_turn", "m", "msg_1")
