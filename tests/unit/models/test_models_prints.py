from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.messages import Document, Image, Message, Text, ToolResult, ToolUse
from coder.core.model import ModelRequest, Purpose, ToolSpec
from coder.core.prints import byte_difference, extends
from coder.models.body import body
from coder.models.prints import Fingerprints

TOOL = ToolSpec("Read", "Reads.", {"type": "object"})
CALL = Message("assistant", (Text("look"), ToolUse("t1", "Read", {"file_path": "ä"})))
RESULT = Message("user", (ToolResult("t1", (Text("content"),)), Text("and now")))
BASE = ModelRequest("m", (Message("user", (Text("hi"),)),), ("Be good.", "Cwd: /x"), (TOOL,), thinking=True)
LONGER = replace(BASE, messages=(*BASE.messages, CALL, RESULT), marks=((2, 0),), max_tokens=77)


def sent(request: ModelRequest) -> bytes:
    """The pieces of a request as a server would see them: tools, system, content blocks, without cache marks."""
    raw = body(replace(request, marks=(), mark_system=False))
    blocks = [*raw.get("tools", []), *raw.get("system", []), *(b for m in raw["messages"] for b in m["content"])]
    return b"".join(json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode() for block in blocks)


def first_difference(was: bytes, now: bytes) -> int:
    return next(n for n in range(max(len(was), len(now)) + 1) if was[n : n + 1] != now[n : n + 1])


def test_a_request_that_goes_on_extends_the_one_before_whatever_its_marks_and_limits() -> None:
    prints = Fingerprints()
    prints.keep(prints.take(BASE))
    taken = prints.take(replace(LONGER, mark_system=True))
    assert (taken.shared, taken.difference) == (4, None) and taken.before is not None
    assert extends(taken.before, taken.print)
    assert taken.print.size == len(sent(LONGER))


CHANGES = {
    "tools[0]": replace(LONGER, tools=(replace(TOOL, description="Reads a file."),)),
    "system[1]": replace(LONGER, system=("Be good.", "Cwd: /y")),
    "messages[1].content[1]": replace(
        LONGER, messages=(BASE.messages[0], Message("assistant", (CALL.content[0], ToolUse("t1", "Read", {}))), RESULT)
    ),
    "messages[2].content[0]": replace(
        LONGER, messages=(*LONGER.messages[:2], Message("user", (ToolResult("t1", (Text("cleared"),)),)))
    ),
}


@pytest.mark.behaviour("B-547")
@pytest.mark.parametrize("place", CHANGES)
def test_the_first_byte_that_differs_is_named(place: str) -> None:
    prints = Fingerprints()
    prints.keep(prints.take(LONGER))
    difference = prints.take(CHANGES[place]).difference
    assert difference is not None and difference.exact
    at = first_difference(sent(LONGER), sent(CHANGES[place]))
    assert (difference.place, difference.offset) == (place, at)
    assert sent(LONGER)[at:].decode("utf-8", "replace").startswith(difference.was[:8])
    assert sent(CHANGES[place])[at:].decode("utf-8", "replace").startswith(difference.now[:8])


@pytest.mark.parametrize(
    ("changed", "place", "was", "now"),
    [
        (replace(LONGER, model="n"), "model", "m", "n"),
        (replace(LONGER, effort="high"), "thinking and effort", "thinking", "thinking,effort=high"),
        (replace(LONGER, system=(*LONGER.system, "New.")), "system[2]", "", '{"type":"text","text":"N'),
        (replace(LONGER, messages=LONGER.messages[:2]), "messages[2].content[0]", '{"type":"tool_result","t', ""),
    ],
)
def test_what_is_new_gone_or_set_otherwise_is_named(changed: ModelRequest, place: str, was: str, now: str) -> None:
    prints = Fingerprints()
    prints.keep(prints.take(LONGER))
    difference = prints.take(changed).difference
    assert difference is not None
    assert (difference.place, difference.was, difference.now) == (place, was, now)


def test_requests_beside_the_conversation_are_compared_with_their_own_kind() -> None:
    prints = Fingerprints()
    prints.keep(prints.take(LONGER))
    asked: tuple[Purpose, ...] = ("title", "suggestion", "progress", "sampling")
    for purpose in asked:
        aside = prints.take(ModelRequest("small", (Message("user", (Text("what?"),)),), purpose=purpose))
        assert aside.before is None
        prints.keep(aside)
    compact = replace(LONGER, messages=(*LONGER.messages, CALL), purpose="compact")
    assert prints.take(compact).difference is None and prints.take(compact).shared == 8


def test_media_are_bounded_by_what_they_can_count() -> None:
    image, document = Image("image/png", "A" * 200_000), Document("application/pdf", "A" * 100)
    taken = Fingerprints().take(ModelRequest("m", (Message("user", (image, document, Text("x" * 100))),)))
    assert [round(most, -2) for most in taken.print.most] == [5_100, 700_200, 100]


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), st.integers(0, 5), st.text(max_size=3))
def test_any_changed_text_is_found_where_it_is(texts: list[str], at: int, text: str) -> None:
    def request(words: list[str]) -> ModelRequest:
        roles = ("user", "assistant")
        return ModelRequest("m", tuple(Message(roles[n % 2], (Text(t),)) for n, t in enumerate(words)))  # type: ignore[arg-type]  # roles are literal

    at = min(at, len(texts) - 1)
    other = [*texts[:at], text, *texts[at + 1 :]]
    prints = Fingerprints()
    prints.keep(prints.take(request(texts)))
    taken = prints.take(request(other))
    if text == texts[at]:
        assert taken.difference is None
    else:
        assert taken.difference is not None and taken.difference.place == f"messages[{at}].content[0]"
        assert taken.difference.offset == first_difference(sent(request(texts)), sent(request(other)))


@pytest.mark.parametrize("keep", [0, 3, 17, 30])
def test_a_difference_inside_a_key_shows_nothing_of_it(keep: int) -> None:
    key = "sk-test-0123456789abcdefghijklmnopq"
    at, was, now = byte_difference(f"use {key} now".encode(), f"use {key[:keep]}".encode() + b"\xc3\xa4 then")
    assert at == 4 + keep
    assert was == "[hidden] now" and now in ("ä then", "[hidden]ä then")
    assert not any(key[n : n + 8] in was + now for n in range(len(key) - 8))


def test_what_is_around_a_difference_is_bounded_and_whole_characters() -> None:
    at, was, now = byte_difference("aä".encode() + b"x" * 999, "aö".encode() + b"y z" * 999)
    assert (at, was, now) == (2, "ä" + "x" * 23, "ö" + ("y z" * 999)[:23])
