"""Lines that readers can take: one object each, never too long, whatever is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ConfigError
from coder.frontends.stream_json.lines import LIMIT, encode, fitted
from coder.frontends.stream_json.mirror import frames
from coder.frontends.stream_json.shows import Room, room_of

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3000)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=9
)
_MESSAGES = st.dictionaries(st.text(max_size=9), _VALUES, max_size=6)


def one(line: bytes) -> Any:
    """The object of a line, as the strictest of readers has it."""
    text = line.decode("utf-8")
    assert text.startswith("{") and len(text.splitlines()) == 1 and text.endswith("}\n")
    return json.loads(text, parse_constant=lambda name: pytest.fail(name))


def nested(levels: int) -> Any:
    found: Any = "x"
    for level in range(levels):
        found = [found] if level % 2 else {"a": found}
    return found


@pytest.mark.behaviour("B-2248")
@given(_MESSAGES)
def test_a_line_is_one_object_whatever_is_in_it(message: dict[str, Any]) -> None:
    one(encode(message))


@pytest.mark.behaviour("B-2248")
@given(_MESSAGES, st.integers(2000, 4000))
def test_no_line_is_longer_than_readers_take(message: dict[str, Any], limit: int) -> None:
    line = fitted(message, limit)
    found = one(line)
    assert len(line) <= max(limit, 12_000) and found.keys() <= one(encode(message)).keys()
    if len(encode(message)) <= limit:
        assert line == encode(message)


def test_ends_of_lines_that_some_readers_know_and_nothing_nested_too_deeply() -> None:
    assert one(encode({"a": "x\u2028y\u2029z\x85"})) == {"a": "x\u2028y\u2029z\x85"}
    deep = nested(150)
    assert one(encode({"a": deep})) == {"a": deep}
    for levels in (300, 900, 5000, 20_000):
        assert "nested too deeply" in encode({"type": "user", "a": nested(levels)}).decode()


@pytest.mark.parametrize("levels", [150, 300, 900, 5000])
def test_what_is_long_and_nested_is_told_as_far_as_it_can_be(levels: int) -> None:
    found = one(fitted({"type": "user", "a": nested(levels), "text": "y" * 2_000_000}))
    assert found["text"].endswith("left out of this message]")
    assert ("nested too deeply" in json.dumps(found)) is (levels > 150)


@pytest.mark.behaviour("B-2248")
def test_what_is_cut_is_said() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 2_000_000}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [image, {"type": "text", "text": "x"}]}
    message = {"type": "user", "message": {"role": "user", "content": [result]}, "uuid": "u"}
    found = one(fitted(message))["message"]["content"][0]
    assert found["tool_use_id"] == "t1" and found["content"][1] == {"type": "text", "text": "x"}
    assert found["content"][0]["text"] == "[image/png of 1,500,000 bytes, left out of this message]"
    text = one(fitted({"type": "assistant", "text": "y" * 5_000_000}))["text"]
    assert text.startswith("yyyy") and text.endswith("[5,000,000 characters, left out of this message]")
    many = {"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": "z" * 150}] * 90_000}}
    assert one(fitted(many))["message"]["role"] == "user"


@pytest.mark.behaviour("B-2466")
@given(st.text(max_size=4000), st.integers(2000, 6000), _VALUES)
def test_of_a_long_result_as_much_as_has_room_and_where_all_of_it_is(text: str, limit: int, answer: Any) -> None:
    text = text * 5
    message = {"type": "result", "is_error": False, "result": text, "structured_output": answer, "uuid": "u"}
    line = fitted(message, limit, "/s/kept.jsonl")
    found = one(line)
    assert len(line) <= limit and found["uuid"] == "u"
    if len(encode(message)) <= limit:
        assert line == encode(message)
        return
    said, _, note = found["result"].partition("… [")
    assert text.startswith(said) and "left out of this message; /s/kept.jsonl has all of it]" in note
    assert "structured_output" not in found or found["structured_output"] == one(encode(message))["structured_output"]
    assert fitted(message, None) == encode(message)


@pytest.mark.behaviour("B-2466")
def test_a_long_result_fills_its_line_and_keeps_an_answer_that_has_room() -> None:
    message = {"type": "result", "result": "x" * 9000, "structured_output": {"a": "y" * 500}}
    line = fitted(message, 3000, "/s")
    assert 2990 < len(line) <= 3000 and one(line)["structured_output"] == message["structured_output"]
    line = fitted({**message, "structured_output": "y" * 5000}, 3000, "/s")
    assert 2990 < len(line) <= 3000 and "[5,008 bytes of structured output, left out" in one(line)["result"]


@pytest.mark.behaviour("B-2466")
def test_which_readers_have_their_lines_cut() -> None:
    sdk = {"CLAUDE_CODE_ENTRYPOINT": "sdk-py"}
    assert room_of({}, is_hosted=True) == room_of(sdk, is_hosted=False) == Room(LIMIT, None)
    assert room_of({"CLAUDE_CODE_ENTRYPOINT": "sdk-ts"}, is_hosted=True) == Room(LIMIT, None)
    assert room_of(sdk, is_hosted=True) == Room(LIMIT, LIMIT)
    assert room_of({**sdk, "CODER_STREAM_LINE_MAX": "0"}, is_hosted=True) == Room(None, None)
    assert room_of({"CODER_STREAM_LINE_MAX": "70000"}, is_hosted=False) == Room(70_000, 70_000)
    with pytest.raises(ConfigError, match="at least 65536"):
        room_of({"CODER_STREAM_LINE_MAX": "9"}, is_hosted=False)


@pytest.mark.behaviour("B-2245")
@given(st.lists(_MESSAGES, max_size=6))
def test_the_mirror_tells_whole_entries_in_order(entries: list[dict[str, Any]]) -> None:
    made = list(frames(Path("/p/a.jsonl"), entries))
    told = [encode(entry) for frame in made for entry in frame["entries"]]
    assert told == [encode(entry) for entry in entries]


@pytest.mark.behaviour("B-2245")
def test_the_mirror_s_frames_are_bounded_and_say_what_they_leave_out() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 2_000_000}}
    chain = {"type": "user", "uuid": "u", "parentUuid": "p", "sessionId": "s", "isSidechain": False}
    entries: list[dict[str, Any]] = [
        *({**chain, "message": {"role": "user", "content": "x" * 300_000}} for _ in range(5)),
        {**chain, "message": {"role": "user", "content": [image]}},
        {**chain, "message": {"role": "user", "content": "y" * 3_000_000}},
        {**chain, "message": {"role": "user", "content": [{"type": "text", "text": "z" * 50}] * 30_000}},
    ]
    made = list(frames(Path("/p/a.jsonl"), entries))
    assert all(len(encode(frame)) <= LIMIT for frame in made)
    told = [entry for frame in made for entry in frame["entries"]]
    assert told[:5] == entries[:5] and all(entry.items() >= chain.items() for entry in told)
    shown = [json.dumps(entry["message"]) for entry in told[5:]]
    assert all("left out of this copy" in each for each in shown) and "yyyy" in shown[1]
