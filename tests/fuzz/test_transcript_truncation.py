"""Whatever is cut off, overwritten or put in between, a transcript loads, is sendable, and whole entries stay."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.agent.history import clean
from coder.core.messages import Block, Message, Thinking, ToolResult
from coder.sessions.entries import Envelope, entries_of
from coder.sessions.lines import encode_line
from coder.sessions.load import Loaded, load
from coder.sessions.repair import INTERRUPTED, repair
from tests.support.transcripts import assert_sendable, conversations

LONG = os.environ.get("CODER_FUZZ") == "long"
CASES = settings(
    max_examples=800 if LONG else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ENVELOPE = Envelope("11111111-2222-3333-4444-555555555555", "/p", "0.1.0")
WRITER = """
import sys
from pathlib import Path
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse
from coder.sessions.store import Transcript
transcript = Transcript.create(Path(sys.argv[1]), Path(sys.argv[1]), sys.argv[2], "0.1.0")
for number in range(100_000):
    transcript.append(Message("user", (Text(f"{number} " + "x" * (number % 7000)),), Meta(f"p{number}", "prompt")))
    call = ToolUse(f"t{number}", "Bash", {"command": "y" * (number % 300)})
    transcript.append(Message("assistant", (Text("I run it."), call), Meta(f"a{number}", "reply", api_id=f"m{number}")))
    print(number, flush=True)
    transcript.append(Message("user", (ToolResult(call.id, (Text("ok"),)),), Meta(f"r{number}", "results")))
"""


def lines_of(messages: Sequence[Message]) -> list[bytes]:
    lines: list[bytes] = []
    parent: str | None = None
    for message in messages:
        entries = entries_of(message, parent, ENVELOPE)
        parent = entries[-1]["uuid"]
        lines += map(encode_line, entries)
    return lines


def loaded(data: bytes) -> Loaded:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        path.write_bytes(data)
        return load(path)


def is_lasting(block: Block) -> bool:
    """Repair drops only thinking, where a cut reply would end on it."""
    return not isinstance(block, Thinking)


def blocks(messages: Sequence[Message]) -> list[Block]:
    return [block for message in messages for block in message.content]


@pytest.mark.behaviour("B-403")
@CASES
@given(conversations())
def test_any_conversation_comes_back_as_it_was_stored(messages: list[Message]) -> None:
    found = loaded(b"".join(lines_of(messages)))
    assert found.messages == tuple(messages)
    assert found.skipped == ""


@pytest.mark.behaviour("B-408")
@CASES
@given(conversations(), st.data())
def test_a_transcript_cut_at_any_byte_is_sendable_and_loses_no_whole_entry(
    messages: list[Message], data: st.DataObject
) -> None:
    lines = lines_of(messages)
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    found = loaded(whole[:cut])
    complete = whole[:cut].count(b"\n")
    expected = [json.loads(line)["message"] for line in lines[:complete]]
    assert found.lines >= complete
    assert len(blocks(found.messages)) >= sum(
        len(m["content"]) if isinstance(m["content"], list) else 1 for m in expected
    )
    repaired = repair(found.messages)
    assert_sendable(repaired)
    survivors = blocks(repaired)
    stored = blocks([clean(message) for message in found.messages])
    assert all(block in survivors for block in stored if is_lasting(block))


@pytest.mark.behaviour("B-404")
@CASES
@given(conversations(), st.data())
def test_damage_anywhere_never_stops_loading(messages: list[Message], data: st.DataObject) -> None:
    lines = lines_of(messages)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "repeat", "flip", "insert", "swap", "cut"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "repeat":
                lines.insert(data.draw(st.integers(0, len(lines))), lines[at])
            case "flip":
                place = data.draw(st.integers(0, len(lines[at]) - 1))
                lines[at] = lines[at][:place] + bytes([data.draw(st.integers(0, 255))]) + lines[at][place + 1 :]
            case "insert":
                lines.insert(at, data.draw(st.binary(max_size=40)) + b"\n")
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = lines[at][: len(lines[at]) // 2]
    assert_sendable(repair(loaded(b"".join(lines)).messages))


@pytest.mark.behaviour("B-404")
@CASES
@given(
    st.lists(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=5)
            | st.sampled_from(["user", "assistant", "text", "tool_use", "tool_result", "a", "b"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "uuid",
                            "parentUuid",
                            "message",
                            "content",
                            "id",
                            "name",
                            "input",
                            "tool_use_id",
                            "coder",
                            "kind",
                            "text",
                            "usage",
                            "toolUseResult",
                        ]
                    ),
                    inner,
                    max_size=6,
                )
            ),
            max_leaves=20,
        ),
        max_size=6,
    )
)
def test_entries_of_any_shape_load_and_repair(values: list[object]) -> None:
    assert_sendable(repair(loaded("\n".join(map(json.dumps, values)).encode()).messages))


def killed_at(home: Path, acknowledged: int, pause: float) -> tuple[int, Path]:
    """The last round a writer acknowledged before it was killed with -9, not before `acknowledged`; and its file."""
    name = str(uuid.uuid4())
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home), name], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = -1
        while last < acknowledged:
            last = int(writer.stdout.readline())
        for _ in range(int(pause * 20_000)):  # a moment that no clock chooses
            pass
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
    numbers = [int(line) for line in rest[:-1] if line]
    (path,) = home.rglob(f"{name}.jsonl")
    return (numbers or [last])[-1], path


@pytest.mark.behaviour("B-401")
def test_what_was_appended_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(40 if LONG else 4):
        last, path = killed_at(tmp_path, chance.randrange(400), chance.random())
        found = load(path)
        prompts = [message.meta.uuid for message in found.messages if message.meta.kind == "prompt"]
        assert prompts[: last + 1] == [f"p{number}" for number in range(last + 1)]
        calls = {call.id for message in found.messages for call in message.tool_uses}
        assert f"t{last}" in calls
        repaired = repair(found.messages)
        assert_sendable(repaired)
        made_up = [b for b in blocks(repaired) if isinstance(b, ToolResult) and INTERRUPTED in str(b.content)]
        assert len(made_up) <= 1
