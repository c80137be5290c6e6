"""Whatever was done to a conversation (turns, early results, compactions, clearings, rewinds, forks, crashes), reading
its transcript again gives what the living session had."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.core.edits import Clearing, Compaction, Replacement, applied
from coder.core.messages import Image, Message, Meta, Text, ToolResult, ToolUse, message_to_api
from coder.sessions.fork import forked
from coder.sessions.load import load
from coder.sessions.locate import transcript_path
from coder.sessions.reading import read
from coder.sessions.repair import repair
from coder.sessions.store import Transcript
from tests.support.transcripts import STAMP, VERSION, assert_sendable, reply, user

PICTURE = Image("image/png", "aGVs" * 1100)
ACTIONS = ["turn", "turn", "show", "tools", "tools", "compact", "clear", "clear"]
ACTIONS += ["rewind", "undo", "uncompact", "fork", "resume"]


@dataclass
class Living:
    """A session in memory, the plain way: a list of messages, and copies of the list to go back to."""

    folder: Path
    transcript: Transcript = field(init=False)
    messages: list[Message] = field(default_factory=list)
    before_compaction: list[list[Message]] = field(default_factory=list)
    undo: tuple[str | None, list[Message], list[list[Message]]] | None = None
    shared: int = 0  # how many messages a rewind left, if nothing was compacted since
    number: int = 0
    said: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.transcript = Transcript.create(self.folder / "home", self.folder, str(uuid.uuid4()), VERSION)

    def add(self, message: Message) -> None:
        self.transcript.append(message)
        self.messages.append(message)
        self.said[message.meta.uuid] = message.text

    def turn(self, data: st.DataObject) -> None:
        self.number += 1
        self.add(user(f"prompt {self.number}"))
        self.add(reply(Text(f"answer {self.number}")))

    def tools(self, data: st.DataObject) -> None:
        self.number += 1
        calls = [ToolUse(f"t{self.number}_{i}", "Read", {}) for i in range(data.draw(st.integers(1, 4)))]
        self.add(user(f"prompt {self.number}"))
        self.add(reply(Text("I look."), *calls))
        parts = [(Text(f"result {call.id}"),) if i % 2 else (PICTURE,) for i, call in enumerate(calls)]
        found = tuple(ToolResult(call.id, part) for call, part in zip(calls, parts, strict=True))
        own = str(uuid.uuid4())
        known = [{"n": i} if data.draw(st.booleans()) else None for i in range(len(calls))]
        for index in data.draw(st.permutations(range(len(calls)))):
            if data.draw(st.booleans()):
                self.transcript.started(calls[index])
                self.transcript.finished(own, index, len(calls), found[index], known[index])
        shown = tuple(known) if any(item is not None for item in known) else ()
        self.add(Message("user", found, Meta(own, "results", STAMP, tool_data=shown)))
        self.add(reply(Text("Seen.")))

    def compact(self, data: st.DataObject) -> None:
        if not self.messages:
            return
        starts = [i for i, m in enumerate(self.messages) if m.meta.kind == "prompt"]
        kept = self.messages[data.draw(st.sampled_from(starts)) :] if starts else []
        whole = (user("summary so far", "summary"), *kept)
        self.transcript.edited(Compaction(whole, "auto", 1000))
        self.before_compaction.append(self.messages)
        self.shared = 0
        self.messages = list(whole)

    def clear(self, data: st.DataObject) -> None:
        results = [b.tool_use_id for m in self.messages for b in m.content if isinstance(b, ToolResult)]
        chosen = [Replacement("(cleared)", tool_use_id=name) for name in results if data.draw(st.booleans())]
        for message in self.messages:
            if message.meta.kind == "prompt" and len(message.content) > 1:
                block = data.draw(st.integers(0, 2))
                chosen.append(Replacement(data.draw(st.sampled_from(["", "(left out)"])), "", message.meta.uuid, block))
        if chosen:
            edit = Clearing(tuple(chosen), "test")
            self.transcript.edited(edit)
            self.messages = list(applied(self.messages, edit))
            if self.undo is not None and self.shared:
                leaf, messages, compactions = self.undo
                here = [*applied(messages[: self.shared], edit), *messages[self.shared :]]
                self.undo = (leaf, here, compactions)

    def rewind(self, data: st.DataObject) -> None:
        prompts = [i for i, m in enumerate(self.messages) if m.meta.kind == "prompt"]
        if prompts:
            at = data.draw(st.sampled_from(prompts))
            self.undo = (self.transcript.leaf, self.messages, list(self.before_compaction))
            target = self.messages[at]
            text = self.transcript.rewind_to(target.meta.uuid)
            if len(target.content) == 1 and (said := self.said.get(target.meta.uuid, "")).startswith("prompt"):
                assert text == said
            self.messages, self.shared = self.messages[:at], at
            if not self.messages:
                self.before_compaction = []

    def undo_rewind(self, data: st.DataObject) -> None:
        if self.undo is not None:
            leaf, self.messages, self.before_compaction = self.undo
            self.transcript.move_to(leaf)
            self.undo = None

    def uncompact(self, data: st.DataObject) -> None:
        if self.before_compaction:
            since = [user("since")] if data.draw(st.booleans()) else []
            self.transcript.uncompact(since)
            self.shared = 0
            self.messages = [*self.before_compaction.pop(), *since]

    def fork(self, data: st.DataObject) -> None:
        if not self.messages or not self.transcript.path.exists():
            return
        reading, source, home = read(self.transcript.path), self.transcript.path, self.folder / "home"
        self.transcript.close()
        name = str(uuid.uuid4())
        made = Transcript.create(home, self.folder, name, VERSION)
        target = transcript_path(home, self.folder, name)
        made.begin_with(lambda: forked(reading, source, home, target), load(source))
        self.transcript = made
        self.undo = None
        self.turn(data)

    def resume(self, data: st.DataObject) -> None:
        self.transcript.close()
        if self.transcript.path.exists():
            self.transcript = Transcript.open(self.transcript.path, VERSION, self.folder)
        else:
            self.transcript = Transcript.create(self.folder / "home", self.folder, self.transcript.session_id, VERSION)

    def show(self, data: st.DataObject) -> None:
        content = (PICTURE, Text("see these"), PICTURE)
        self.add(Message("user", content, Meta(str(uuid.uuid4()), "prompt", STAMP)))
        self.add(reply(Text("Seen.")))


def timeless(message: Message) -> Message:
    """Results that were stored one by one have a time of their own. Pictures are long to show."""
    content = tuple(
        replace(b, content=tuple(Text("picture") if part == PICTURE else part for part in b.content))
        if isinstance(b, ToolResult)
        else b
        for b in message.content
    )
    stamp = "" if message.meta.kind == "results" else message.meta.timestamp
    return Message(message.role, content, replace(message.meta, timestamp=stamp))


def live(data: st.DataObject, folder: Path, actions: list[str]) -> None:
    living = Living(folder)
    for action in actions:
        {"undo": living.undo_rewind}.get(action, getattr(living, action))(data)
        if living.transcript.path.exists():
            found = load(living.transcript.path)
            assert [*map(timeless, found.messages)] == [*map(timeless, living.messages)]
            assert found.skipped == ""
            assert found.leaf == living.transcript.leaf
            assert_sendable(repair(found.messages, found.calls))
    living.transcript.close()


@pytest.mark.behaviour("B-413")
@pytest.mark.behaviour("B-414")
@pytest.mark.behaviour("B-415")
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data(), st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=9))
def test_what_is_read_again_is_what_the_living_session_had(data: st.DataObject, actions: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        live(data, Path(folder), actions)


@pytest.mark.soak
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=25))
def test_what_is_read_again_is_what_the_living_session_had_in_the_long_run(
    data: st.DataObject, actions: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        live(data, Path(folder), actions)


def test_the_request_is_the_same_to_the_byte_after_a_compaction(tmp_path: Path) -> None:
    """Two messages may differ in what is known of them; what is sent may not."""
    kept = replace(reply(Text("kept")), meta=Meta("k", "reply", STAMP, "msg_1", "claude-test-1"))
    whole = (user("summary", "summary"), user("go"), kept)
    with Transcript.create(tmp_path / "home", tmp_path, str(uuid.uuid4()), VERSION) as transcript:
        for message in (user("go"), kept):
            transcript.append(message)
        transcript.edited(Compaction(whole, "manual", 7))
    assert list(map(message_to_api, load(transcript.path).messages)) == list(map(message_to_api, whole))
