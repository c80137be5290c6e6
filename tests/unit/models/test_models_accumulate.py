from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.errors import ModelError
from coder.core.messages import Json, Text, Thinking
from coder.core.model import BlockFinished, Completed, ModelEvent, TextPart
from coder.models.accumulate import Accumulator
from tests.support.rawhttp import block, reply, start, stop, text_block, tool_block


def play(events: list[Json]) -> tuple[list[ModelEvent], Completed]:
    accumulator = Accumulator()
    parts = [part for event in events for part in accumulator.feed(event)]
    return parts, accumulator.completed()


def whole(*blocks: list[Json], reason: str | None = "end_turn") -> Completed:
    return play(reply(*blocks, reason=reason))[1]


@pytest.mark.behaviour("B-116")
def test_a_tool_use_id_used_twice_in_a_reply_gets_a_fresh_one() -> None:
    events = reply(*(tool_block(i, "toolu_a", "Read", "{}") for i in range(3)))
    parts, last = play(events)
    ids = [call.id for call in last.message.tool_uses]
    assert ids[0] == "toolu_a" and len(set(ids)) == 3
    assert len(last.notices) == 2
    assert [part.block for part in parts if isinstance(part, BlockFinished)] == list(last.message.content)


def test_a_missing_tool_use_id_is_made_up() -> None:
    raw = {"type": "tool_use", "name": "Read", "input": {"file_path": "a"}}
    first, second = whole(block(0, raw), block(1, raw)).message.tool_uses
    assert first.id and second.id and first.id != second.id
    assert first.input == {"file_path": "a"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("[" * 100_000, "nested"),
        ('{"a":' * 700 + "1" + "}" * 700, "nested"),  # the parser takes it
        ('{"a": [' * 51 + "1" + "]}" * 51, "nested"),
        ('{"n": 1e999}', "too large"),
        ('{"n": -Infinity}', "not JSON"),
        ('"text"', "JSON object"),
        ("{} {}", "Extra data"),
        ('{"n": ' + "9" * 5000 + "}", "4300"),
    ],
)
def test_hostile_tool_input_becomes_an_error(raw: str, reason: str) -> None:
    [call] = whole(tool_block(0, "t", "Read", raw)).message.tool_uses
    assert reason in call.error and call.input == {"INVALID_JSON": raw}


def test_what_looks_nested_is_taken() -> None:
    given = {"a": "{[" * 900, "b": json.loads("[" * 99 + "]" * 99)}
    [call] = whole(tool_block(0, "t", "Read", json.dumps(given))).message.tool_uses
    assert call.input == given and not call.error


def test_an_unfinished_call_in_an_otherwise_whole_reply_is_an_error_not_a_call() -> None:
    events = [start(), *tool_block(0, "t", "Bash", '{"command": "rm -rf')[:-1], *stop("tool_use")]
    [call] = play(events)[1].message.tool_uses
    assert call.error


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "model_context_window_exceeded"])
@pytest.mark.parametrize("pieces", [(), ("",), ("{",), ('{"a": "b',)])
def test_a_half_call_is_dropped_whatever_cut_it(reason: str, pieces: tuple[str, ...]) -> None:
    last = whole(text_block(0, "hm"), tool_block(1, "t", "Write", *pieces), reason=reason)
    assert last.message.content == (Text("hm"),)
    assert "Write" in last.notices[0]


def test_a_whole_call_before_the_limit_is_kept() -> None:
    last = whole(tool_block(0, "t", "Bash", "{}"), tool_block(1, "u", "Done", '{"a": 1}'), reason="max_tokens")
    assert [call.id for call in last.message.tool_uses] == ["t", "u"] and not last.notices


def test_text_without_anything_visible_is_dropped() -> None:
    assert whole(text_block(0), text_block(1, " \n"), text_block(2, "x")).message.content == (Text("x"),)


def test_unsigned_and_empty_thinking() -> None:
    empty = block(0, {"type": "thinking", "thinking": "", "signature": ""})
    signed = block(1, {"type": "thinking", "thinking": ""}, {"type": "signature_delta", "signature": "s"})
    assert whole(empty, signed).message.content == (Thinking("", "s"),)


def test_surrogate_halves_are_joined_across_deltas_and_lone_ones_replaced() -> None:
    parts, last = play(reply(text_block(0, "a\ud83d", "\ude00b\ud800c", "\ud83d")))
    assert last.message.text == "a😀b\ufffdc\ufffd"
    assert "".join(part.text for part in parts if isinstance(part, TextPart)) == "a😀b\ufffdc"


def test_surrogates_in_tool_input_are_joined_or_replaced() -> None:
    [call] = whole(tool_block(0, "t", "Write", r'{"a": "\ud83d', r'\ude00 \ud800"}')).message.tool_uses
    assert call.input == {"a": "😀 \ufffd"}


@pytest.mark.behaviour("B-117")
def test_usage_is_cumulative_and_later_counts_replace_earlier_ones() -> None:
    events = [
        start(input_tokens=10, cache_read_input_tokens=5, cache_creation={"ephemeral_1h_input_tokens": 3}),
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 7}},
        *stop(output_tokens=9, input_tokens=11, cache_read_input_tokens=None),
    ]
    usage = play(events)[1].usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (11, 9, 5)
    assert usage.ephemeral_1h_input_tokens == 3


@pytest.mark.behaviour("B-117")
@pytest.mark.parametrize("bad", [None, "many", -5, float("nan"), 1.5, True, [], {}])
def test_unusable_usage_numbers_count_as_unknown_not_as_a_failure(bad: Any) -> None:
    events = [start(input_tokens=10), *text_block(0, "x"), *stop(output_tokens=bad, input_tokens=bad)]
    usage = play(events)[1].usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 1)
    bare: list[Json] = [{"type": "message_start"}, *text_block(0, "x"), {"type": "message_stop"}]
    assert play(bare)[1].usage.output_tokens == 0


@pytest.mark.parametrize(
    ("blocks", "reason"), [([text_block(0, "x")], "end_turn"), ([tool_block(0, "t", "Read", "{}")], "tool_use")]
)
def test_a_missing_stop_reason_follows_from_the_blocks(blocks: list[list[Json]], reason: str) -> None:
    assert whole(*blocks, reason=None).stop_reason == reason


def test_the_category_of_a_refusal_is_said() -> None:
    events = reply(text_block(0, "no"), reason="refusal")
    events[-2]["delta"]["stop_details"] = {"type": "refusal", "category": "cyber"}
    assert "cyber" in play(events)[1].notices[0]


def test_interleaved_blocks_keep_their_order() -> None:
    first, second = text_block(0, "a", "b"), text_block(1, "c")
    events = [start(), first[0], second[0], second[1], first[1], first[2], second[2], first[3], *stop()]
    assert play(events)[1].message.content == (Text("ab"), Text("c"))


def test_events_after_the_end_are_ignored() -> None:
    _, last = play([*reply(text_block(0, "a")), start(), *text_block(0, "b")])
    assert last.message.text == "a"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "index", "id"]), inner)
    ),
    max_leaves=6,
)


@st.composite
def mutated_replies(draw: st.DrawFn) -> list[Json]:
    """A good reply with events dropped, swapped or given odd values."""
    events: list[Json] = json.loads(
        json.dumps(
            reply(
                block(0, {"type": "thinking", "thinking": "a"}, {"type": "signature_delta", "signature": "s"}),
                text_block(1, "x", "y"),
                tool_block(2, "t", "Read", '{"a": ', "1}"),
                reason=draw(st.sampled_from(["tool_use", "max_tokens", "end_turn", "odd"])),
            )
        )
    )
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(events) - 1))
        match draw(st.sampled_from(["drop", "swap", "field", "inner", "replace"])):
            case "drop" if len(events) > 1:
                del events[at]
            case "swap":
                other = draw(st.integers(0, len(events) - 1))
                events[at], events[other] = events[other], events[at]
            case "field":
                events[at][draw(st.sampled_from(["type", "index", "delta", "content_block", "message", "usage"]))] = (
                    draw(json_values)
                )
            case "inner":
                for name in ("delta", "content_block", "message"):
                    if isinstance(events[at].get(name), dict):
                        key = draw(
                            st.sampled_from(["type", "text", "partial_json", "signature", "id", "name", "input"])
                        )
                        events[at][name][key] = draw(json_values)
            case "replace":
                events[at] = draw(st.dictionaries(st.sampled_from(["type", "index", "delta"]), json_values))
    return events


@settings(max_examples=20_000 if os.environ.get("CODER_FUZZ") == "long" else 300)
@given(mutated_replies())
def test_any_stream_ends_in_a_whole_reply_or_a_cut(events: list[Json]) -> None:
    try:
        _, last = play(events)
    except ModelError as error:
        assert (error.kind, error.retryable) == ("cut", True)
        return
    ids = [call.id for call in last.message.tool_uses]
    assert len(ids) == len(set(ids)) and all(ids)
    assert all(block.text.strip() for block in last.message.content if isinstance(block, Text))
