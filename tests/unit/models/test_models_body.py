from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.messages import Block, Image, Json, Message, Opaque, Text, Thinking, ToolResult, ToolUse
from coder.core.model import ModelRequest, ToolSpec
from coder.models.body import EncodeCache, body, encode

MARK = {"type": "ephemeral"}
READ = ToolSpec("Read", "Reads a file.", {"type": "object", "properties": {}})


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def breakpoints(value: object) -> int:
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(breakpoints(v) for v in value.values())
    return sum(breakpoints(v) for v in value) if isinstance(value, list) else 0


def test_a_minimal_request_has_only_what_it_needs() -> None:
    request = ModelRequest("m", (user(Text("hi")),), max_tokens=5)
    assert body(request) == {
        "model": "m",
        "max_tokens": 5,
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


def test_thinking_and_effort_are_sent_when_asked_for() -> None:
    request = ModelRequest("m", (user(Text("hi")),), thinking=True, effort="xhigh")
    sent = body(request)
    assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert sent["output_config"] == {"effort": "xhigh"}


def test_the_system_mark_is_on_the_last_system_block() -> None:
    sent = body(ModelRequest("m", (), system=("a", "", "b"), tools=(READ,), mark_system=True))
    assert sent["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": MARK}]
    assert "cache_control" not in sent["tools"][0]


def test_without_system_text_the_mark_is_on_the_last_tool() -> None:
    sent = body(ModelRequest("m", (), tools=(READ, READ), mark_system=True))
    assert [tool.get("cache_control") for tool in sent["tools"]] == [None, MARK]
    assert "system" not in sent
    assert "cache_control" not in READ.input_schema


@pytest.mark.behaviour("B-115")
def test_marks_are_on_their_blocks_and_at_most_four_the_latest_first() -> None:
    messages = tuple(user(Text("a"), Text("b")) for _ in range(4))
    sent = body(ModelRequest("m", messages, system=("s",), marks=((0, 0), (1, 1), (2, 0), (3, 1)), mark_system=True))
    marked = [
        (i, j)
        for i, message in enumerate(sent["messages"])
        for j, block in enumerate(message["content"])
        if "cache_control" in block
    ]
    assert marked == [(1, 1), (2, 0), (3, 1)]
    assert breakpoints(sent) == 4


@pytest.mark.parametrize(
    "tail", [Thinking("t", "s"), Opaque({"type": "redacted_thinking", "data": "x"}), Text(""), Text("  \n")]
)
def test_a_mark_on_thinking_or_empty_text_moves_to_the_block_before(tail: Block) -> None:
    sent = body(ModelRequest("m", (Message("assistant", (Text("a"), tail)),), marks=((0, 1),)))
    assert [block.get("cache_control") for block in sent["messages"][0]["content"]] == [MARK, None]


def test_a_mark_with_no_block_to_carry_it_is_dropped() -> None:
    sent = body(
        ModelRequest("m", (Message("assistant", (Thinking("t", "s"),)), user()), marks=((0, 0), (1, 0), (9, 9)))
    )
    assert breakpoints(sent) == 0


def test_marking_leaves_opaque_blocks_and_cached_messages_as_they_were() -> None:
    raw: Json = {"type": "server_tool_use", "id": "x"}
    message, cache = Message("assistant", (Opaque(raw),)), EncodeCache()
    plain, marked = ModelRequest("m", (message,)), ModelRequest("m", (message,), marks=((0, 0),))
    first = encode(plain, cache)
    assert b"cache_control" in encode(marked, cache)
    assert encode(plain, cache) == first
    assert raw == {"type": "server_tool_use", "id": "x"}


@pytest.mark.behaviour("B-123")
def test_an_unchanged_message_is_serialised_once() -> None:
    cache = EncodeCache()
    history = (user(Text("a")), user(Text("b")))
    encode(ModelRequest("m", history), cache)
    first = cache.parts[0]
    encode(ModelRequest("m", (*history, user(Text("c")))), cache)
    assert cache.parts[0] is first
    assert len(cache.parts) == 3


def test_a_changed_tool_or_setting_is_noticed() -> None:
    cache = EncodeCache()
    for request in (
        ModelRequest("m", (), tools=(READ,)),
        ModelRequest("m", (), tools=(ToolSpec("Read", "Reads.", READ.input_schema),)),
        ModelRequest("m", (), tools=(READ,), effort="low"),
        ModelRequest("m", (), system=("s",)),
    ):
        assert json.loads(encode(request, cache)) == body(request)


def test_messages_that_left_the_history_leave_the_cache() -> None:
    cache = EncodeCache()
    encode(ModelRequest("m", tuple(user(Text(str(i))) for i in range(50))), cache)
    encode(ModelRequest("m", (user(Text("only")),)), cache)
    assert len(cache.parts) == len(cache.messages) == 1


def test_lone_surrogates_are_replaced() -> None:
    sent = json.loads(encode(ModelRequest("m", (user(Text("a\ud800b")),)), EncodeCache()))
    assert sent["messages"][0]["content"][0]["text"] == "a?b"


texts = st.text(max_size=8)
blocks = st.one_of(
    texts.map(Text),
    st.builds(Thinking, texts, texts),
    st.builds(Image, st.just("image/png"), st.just("aGk=")),
    st.builds(ToolUse, texts, texts, st.dictionaries(texts, st.one_of(texts, st.integers(), st.none()), max_size=2)),
    st.builds(ToolResult, texts, st.lists(texts.map(Text), max_size=2).map(tuple), st.booleans()),
    st.sampled_from([Opaque({"type": "redacted_thinking", "data": "x"}), Opaque({"type": "x"})]),
)
messages = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.lists(blocks, max_size=4).map(tuple)), max_size=5
)
marks = st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5)), max_size=6).map(tuple)


@given(st.lists(st.tuples(messages, marks, st.booleans()), min_size=1, max_size=3))
def test_the_encoded_request_always_equals_the_body(
    rounds: list[tuple[list[Message], tuple[tuple[int, int], ...], bool]],
) -> None:
    cache = EncodeCache()
    history: tuple[Message, ...] = ()
    for added, where, system in rounds:
        history = history[: len(history) - len(where) // 2] + tuple(added)
        request = ModelRequest(
            "m",
            history,
            system=("s",) if system else (),
            tools=(READ,),
            marks=where,
            mark_system=system,
            thinking=system,
        )
        expected = body(request)
        assert json.loads(encode(request, cache)) == expected
        assert breakpoints(expected) <= 4
