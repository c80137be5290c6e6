"""A copy of a transcript elsewhere: what is told of it is what is stored, entry by entry."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from coder.core.edits import Compaction
from coder.core.messages import Image, Message, Text, ToolResult
from coder.sessions.blobs import Blobs
from coder.sessions.fork import forked
from coder.sessions.lines import decode_line, encode_line
from coder.sessions.load import assembled, blob_folder
from coder.sessions.locate import transcript_path
from coder.sessions.reading import read
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, conversation, conversations, reply, results, user

CWD = Path("/somewhere")


class Copy:
    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.paths: set[Path] = set()

    def __call__(self, path: Path, entries: Any) -> None:
        self.paths.add(path)
        self.entries += [decode_line(encode_line(entry)) or {} for entry in entries]


def stored(path: Path, home: Path) -> list[dict[str, Any]]:
    """The entries of a transcript with their pictures in them."""
    blobs = Blobs(home, blob_folder(path))
    return [blobs.restore(decode_line(line) or {}) for line in path.read_bytes().split(b"\n") if line]


@pytest.mark.behaviour("B-2245")
@settings(max_examples=25, deadline=None)
@given(conversations())
def test_what_is_told_is_what_is_stored(messages: list[Message]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, copy = Path(folder), Copy()
        with Transcript.create(home, CWD, str(uuid.uuid4()), VERSION) as transcript:
            transcript.mirror(copy)
            for message in messages:
                transcript.append(message)
        assert copy.entries == stored(transcript.path, home) and copy.paths == {transcript.path}


@pytest.mark.behaviour("B-2245")
def test_pictures_titles_edits_and_going_back_are_told_too(tmp_path: Path) -> None:
    copy = Copy()
    with Transcript.create(tmp_path, CWD, str(uuid.uuid4()), VERSION) as transcript:
        transcript.label(custom="a name")
        transcript.mirror(copy)
        for message in conversation():
            transcript.append(message)
        picture = Image("image/png", "iVBO" * 3000)
        transcript.append(reply(Text("look")))
        transcript.append(results(ToolResult("t9", (picture,)), data=[{"file": {"base64": picture.data}}]))
        prompt = user("x" * 50_000)
        transcript.append(prompt)
        transcript.edited(Compaction((user("sum", "summary"),), "manual", 10))
        transcript.uncompact()
        transcript.rewind_to(prompt.meta.uuid)
        transcript.label(ai="a title")
    assert copy.entries == stored(transcript.path, tmp_path)
    assert any("iVBO" in str(entry) for entry in copy.entries)


@pytest.mark.behaviour("B-2245")
def test_a_fork_is_told_from_its_first_line(tmp_path: Path) -> None:
    with Transcript.create(tmp_path, CWD, str(uuid.uuid4()), VERSION) as source:
        for message in (user("one"), reply(Text("1")), results(ToolResult("t", (Image("image/png", "iVBO" * 3000),)))):
            source.append(message)
    reading, copy = read(source.path), Copy()
    target = transcript_path(tmp_path, CWD, str(uuid.uuid4()))
    with Transcript.create(tmp_path, CWD, target.stem, VERSION) as transcript:
        loaded = assembled(reading, source.path)
        transcript.begin_with(lambda: forked(reading, source.path, tmp_path, target), loaded)
        transcript.mirror(copy)
        transcript.append(user("two"))
        transcript.append(reply(Text("2")))
    assert copy.entries == stored(target, tmp_path) and len(copy.entries) > 4


@pytest.mark.behaviour("B-2245")
def test_a_name_given_before_anybody_listens_is_told(tmp_path: Path) -> None:
    with Transcript.create(tmp_path, CWD, str(uuid.uuid4()), VERSION) as first:
        first.append(user("one"))
    copy, before = Copy(), len(stored(first.path, tmp_path))
    with Transcript.open(first.path, VERSION) as again:
        again.label(custom="later")
        again.mirror(copy)
        again.append(user("two"))
    assert copy.entries == stored(first.path, tmp_path)[before:]
