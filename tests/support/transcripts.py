"""Conversations for transcript tests: a small one by hand, and a hypothesis strategy for valid ones of any shape."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from coder.agent.history import History
from coder.core.messages import (
    Block,
    Document,
    Image,
    Json,
    Kind,
    Message,
    Meta,
    Opaque,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Usage,
)
from coder.sessions.store import Transcript

VERSION = "0.1.0"
STAMP = "2026-11-22T10:00:00.000Z"


def user(text: str, kind: Kind = "prompt") -> Message:
    return Message("user", (Text(text),), Meta(uuid=str(uuid.uuid4()), kind=kind, timestamp=STAMP))


def reply(*blocks: Block, api_id: str = "") -> Message:
    meta = Meta(
        uuid=str(uuid.uuid4()),
        kind="reply",
        timestamp=STAMP,
        api_id=api_id or f"msg_{uuid.uuid4().hex[:12]}",
        model="claude-test-1",
        stop_reason="tool_use" if any(isinstance(b, ToolUse) for b in blocks) else "end_turn",
        usage=Usage(10, 20, 30, 40, 25, 5),
    )
    return Message("assistant", blocks, meta)


def results(*blocks: Block, data: Sequence[Json | None] = ()) -> Message:
    return Message("user", blocks, Meta(str(uuid.uuid4()), "results", STAMP, tool_data=tuple(data)))


def result(name: str, text: str = "done") -> ToolResult:
    return ToolResult(name, (Text(text),))


def conversation() -> list[Message]:
    """Every kind of block and message once."""
    return [
        user("<context>", "context"),
        user('fix the "test"\nplease: naïve 🙂 \u2028'),
        reply(
            Thinking("hm", "c2lnbmF0dXJl"),
            Text("I look."),
            ToolUse("t1", "Read", {"file_path": "/p/a.py"}),
            ToolUse("t2", "Bash", {}, "bad json"),
        ),
        results(
            ToolResult("t1", (Text("1\tx"), Image("image/png", "aGk="), Document("application/pdf", "aGk="))),
            ToolResult("t2", (Text("No."),), is_error=True),
            data=({"type": "text", "file": {"numLines": 1}}, None),
        ),
        user("and the other one", "steer"),
        reply(Opaque({"type": "redacted_thinking", "data": "x/y+z=="}), Text("Done.")),
        user("a reminder", "reminder"),
        reply(Text("Yes.")),
    ]


def write(home: Path, cwd: Path, messages: Sequence[Message]) -> Path:
    """A whole transcript on disk."""
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        for message in messages:
            transcript.append(message)
    return transcript.path


def assert_sendable(messages: Sequence[Message]) -> None:
    """The engine takes them as its history without complaint, and without dropping one."""
    assert History(messages=messages).messages == tuple(messages)
    assert not messages or messages[0].role == "user"
    assert not messages or not messages[-1].tool_uses


_words = st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()) and _is_clean(text))
_KINDS: tuple[Kind, ...] = ("prompt", "steer", "shell", "reminder", "context")
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=6,
)
_objects = st.dictionaries(_words, _json, max_size=3)
_parts = st.one_of(
    st.builds(Text, _words), st.just(Image("image/png", "aGk=")), st.just(Document("application/pdf", "aGk="))
)
_said = st.one_of(
    st.builds(Text, _words),
    st.builds(Thinking, st.text(max_size=10).filter(lambda t: _is_clean(t)), _words),
    st.builds(lambda raw: Opaque({"type": "web_search_tool_result", **raw}), _objects),
)


def _is_clean(text: str) -> bool:
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in text)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Valid histories: what the engine may have committed, in the order it commits."""
    messages = [user(draw(_words))]
    for turn in range(draw(st.integers(1, 5))):
        said = draw(st.lists(_said, max_size=3))
        calls = [
            ToolUse(f"t{turn}_{index}", draw(st.sampled_from(["Read", "Bash"])), draw(_objects))
            for index in range(draw(st.integers(0, 3)))
        ]
        messages.append(reply(*said, Text(draw(_words)), *calls))
        if calls:
            answers = [
                ToolResult(call.id, tuple(draw(st.lists(_parts, max_size=2))), draw(st.booleans())) for call in calls
            ]
            data = [draw(st.none() | _objects) for _ in calls]
            known = data if any(item is not None for item in data) else ()
            messages.append(results(*answers, data=known))
        if not calls or draw(st.booleans()):
            messages.append(user(draw(_words), draw(st.sampled_from(_KINDS))))
    return messages
