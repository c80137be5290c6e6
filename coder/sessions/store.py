"""The transcript of a session: append-only JSONL on disk. Must not know what the messages mean, or who writes them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.history import clean
from coder.core.edits import Clearing, Compaction, ContextEdit
from coder.core.errors import SessionError
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message, ToolResult, ToolUse
from coder.core.visible import visible_line
from coder.sessions import asides
from coder.sessions.asides import Labels
from coder.sessions.blobs import Blobs
from coder.sessions.codec import prompt_text
from coder.sessions.entries import Envelope, entries_of, result_entry
from coder.sessions.growing import GrowingFile
from coder.sessions.labelling import Labelling
from coder.sessions.lines import encode_line
from coder.sessions.load import Loaded, assembled, blob_folder, load
from coder.sessions.locate import transcript_path
from coder.sessions.mirrored import Mirror, Mirrored

if TYPE_CHECKING:
    from coder.sessions import compacted, reading
else:  # a new session reads nothing
    compacted, reading = LazyModule("coder.sessions.compacted"), LazyModule("coder.sessions.reading")

Warn = Callable[[str], None]
_ELSEWHERE = " Name a folder that can be written to in CODER_CONFIG_DIR."
_TORN_AWAY = "is no part of this session's conversation"


def _say_nothing(text: str) -> None:
    del text


class Transcript:
    """One session's file. Writing never raises: a disk that refuses is reported once through `warn`, the entries are
    kept in memory, and every later append tries again to save them.

    Closing is left to the owner; `with` works. Only `sync` may be called from another thread.
    """

    def __init__(self, path: Path, home: Path, envelope: Envelope, loaded: Loaded, warn: Warn) -> None:
        self.path = path
        self.loaded = loaded
        self._file = GrowingFile(path, home)
        self._blobs = Blobs(home, blob_folder(path))
        self._envelope = envelope
        self._warn = warn
        self._warned = False
        self._deep = ""
        self._leaf = loaded.leaf
        self._finished: set[str] = set()  # entries of a message that is not there yet
        self._mirrored = Mirrored(path, self._blobs)
        self._labelling = Labelling(self._file, self._mirrored, envelope.session_id)

    @classmethod
    def create(cls, home: Path, cwd: Path, session_id: str, version: str, warn: Warn = _say_nothing) -> Transcript:
        """A new session. Touches nothing before the first append.

        Raises SessionError when the id is taken or is no UUID.
        """
        path = transcript_path(home, cwd, session_id)
        if _is_there(path):
            raise SessionError(f"Session ID {session_id} is already in use. Resume it, or choose another id.")
        return cls(path, home, Envelope(session_id, os.fspath(cwd), version), Loaded(()), warn)

    @classmethod
    def open(
        cls,
        path: Path,
        version: str,
        cwd: Path | None = None,
        warn: Warn = _say_nothing,
        at: str | None = None,
    ) -> Transcript:
        """An existing session, locked and read (`loaded`); the file stays as it is until the first append.

        `cwd` defaults to the one the session was started in; `at` is the last entry that is kept. Blocks while it
        reads. Raises SessionError when the file cannot be read, or another process has the session open.
        """
        transcript = cls(path, path.parent, Envelope(path.stem, "", version), Loaded(()), warn)
        transcript._file.open_existing()
        try:
            loaded = load(path, at)
        except SessionError:
            transcript._file.let_go()
            raise
        transcript._take(loaded)
        started = os.fspath(cwd) if cwd is not None else loaded.cwd
        transcript._envelope = Envelope(path.stem, started, version)
        transcript._labelling.found()
        return transcript

    @classmethod
    def aside(
        cls, path: Path, home: Path, cwd: Path, session_id: str, agent: str, version: str, warn: Warn
    ) -> Transcript:
        """That of a subagent, which lies beside its session's: a new one, or the one that is there, locked and read.
        Blocks while it reads. Raises SessionError when it cannot be read."""
        envelope = Envelope(session_id, os.fspath(cwd), version, agent=agent)
        transcript = cls(path, home, envelope, Loaded(()), warn)
        if _is_there(path):
            transcript._file.open_existing()
            try:
                transcript._take(load(path, aside=True))
            except SessionError:
                transcript._file.let_go()
                raise
        return transcript

    @property
    def session_id(self) -> str:
        return self._envelope.session_id

    @property
    def agent(self) -> str:
        """The subagent whose conversation it is, "" for a session's own."""
        return self._envelope.agent

    @property
    def problem(self) -> str:
        """Why the session is not being saved just now; empty when it is."""
        return self._deep or self._file.problem

    def mirror(self, mirror: Mirror) -> None:
        """From now on each entry that is written is told to `mirror` too, with its pictures in it."""
        self._mirrored.to = mirror
        self._labelling.mirror()

    @property
    def leaf(self) -> str | None:
        """The entry that the next one hangs on."""
        return self._leaf

    @property
    def labels(self) -> Labels:
        return self._labelling.labels

    def describe(self, *, model: str | None = None, branch: str | None = None) -> None:
        """What later entries say about where they come from."""
        given = self._envelope
        self._envelope = replace(
            given,
            model=given.model if model is None else model,
            branch=given.branch if branch is None else branch,
        )

    def append(self, message: Message) -> None:
        """Stores a message: all its entries that are not there yet, in one write. When this returns they outlive the
        process. Never raises."""
        self._store(entries_of(message, self._leaf, self._envelope, self._finished))
        self._finished.clear()

    def started(self, call: ToolUse) -> None:
        """Notes that a call is about to run. Never raises."""
        self._write([asides.tool_start(call, self.session_id)])

    def finished(self, message_uuid: str, index: int, count: int, result: ToolResult, data: Json | None) -> None:
        """Stores the result of one call before the others are known: it is number `index` of `count` in the message
        with that uuid, which has nothing else in it. What `append` gets later must say the same. Never raises."""
        block = clean(Message("user", (result,))).content[0]
        assert isinstance(block, ToolResult)
        entry = result_entry(message_uuid, index, count, block, data, self._leaf, self._envelope)
        self._store([entry])
        self._finished.add(entry["uuid"])

    def edited(self, edit: ContextEdit) -> None:
        """Stores a change of what the model sees. Never raises."""
        match edit:
            case Clearing():
                self._write([asides.clearing(edit, self._leaf, self.session_id)])
            case Compaction():
                name = str(uuid.uuid4())
                entries = [asides.boundary(edit, name, self._leaf, self._envelope)]
                self._store(entries + self._copies(edit.messages, name, name))

    def uncompact(self, since: Sequence[Message] | None = ()) -> None:
        """Takes the latest compaction back: the conversation goes on where it was before it, with `since`; None stands
        for all that was said since.

        Raises SessionError when there is none.
        """
        found = self._read()
        boundary = found.tree.compacted()
        if boundary is None:
            raise SessionError("This conversation was not compacted: there is nothing to take back.")
        end = found.tree.parent(boundary, whole=True)
        if since is None:
            end = compacted.stood_at(found.tree, boundary)
            since = compacted.said_since(found.tree, boundary, assembled(found, self.path).messages)
        self._move(end, "uncompact", self._copies(since, end, str(uuid.uuid4())))

    def rewind_to(self, prompt: str) -> str:
        """Goes back to before a message of the person and returns its text. Raises SessionError."""
        tree = self._read().tree
        entry = tree.message(prompt)
        if entry is None or entry.type != "user":
            raise SessionError(f"Message {prompt} {_TORN_AWAY}.")
        self._move(tree.parent(entry), "rewind")
        return prompt_text(entry)

    def move_to(self, leaf: str | None) -> None:
        """Makes an entry the end of the conversation; the `leaf` before a rewind undoes it. Raises SessionError."""
        if leaf is not None and leaf not in self._read().tree:
            raise SessionError(f"Entry {leaf} {_TORN_AWAY}.")
        self._move(leaf, "undo")

    def label(self, *, custom: str | None = None, ai: str | None = None) -> None:
        """Gives the session a title; it is stored with the first message at the earliest. Never raises."""
        self._labelling.name(custom=custom, ai=ai)

    def begin_with(self, pieces: Callable[[], Iterable[bytes]], loaded: Loaded) -> None:
        """Makes a session that is not on disk yet the continuation of another: `pieces` are its first lines."""
        self._file.beginning = lambda: self._mirrored.beginning(pieces())
        self._take(loaded)

    def reload(self) -> Loaded:
        """What is on disk now. Raises SessionError."""
        self._take(assembled(self._read(), self.path))
        return self.loaded

    def sync(self) -> None:
        """Waits until what was appended outlives the machine (fsync): blocks while the disk works. Never raises, and
        leaves the warning to the next append, so that it may run in any thread."""
        try:
            self._blobs.sync()
        except OSError as error:
            self._file.problem = error.strerror or str(error)
        self._file.sync()

    def close(self) -> None:
        """Syncs, unlocks and closes. Idempotent, never raises."""
        if not self._file.is_closed:
            self._file.close()
            self._report()

    def __enter__(self) -> Transcript:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._leaf = loaded.leaf
        self._labelling.labels = loaded.labels
        self._labelling.has_prompt = any(message.meta.kind == "prompt" for message in loaded.messages)

    def _read(self) -> reading.Reading:
        if self.problem or not _is_there(self.path):
            raise SessionError("This session is not saved, so there is nothing to go back to.")
        return reading.read(self.path, aside=bool(self._envelope.agent))

    def _move(self, leaf: str | None, why: str, entries: Sequence[Json] = ()) -> None:
        self._leaf = leaf
        self._write([asides.move(leaf, why, self.session_id), *entries])
        if entries:
            self._leaf = entries[-1]["uuid"]

    def _copies(self, messages: Sequence[Message], parent: str | None, name: str) -> list[Json]:
        """Entries of messages that may be in the file already, in another place."""
        entries: list[Json] = []
        for message in messages:
            entries += entries_of(message, parent, self._envelope, copied_to=name)
            parent = entries[-1]["uuid"]
        return entries

    def _store(self, entries: Sequence[Json]) -> None:
        if not entries:
            return
        if self._write(entries):
            self._leaf = entries[-1]["uuid"]

    def _write(self, lines: Sequence[Json]) -> bool:
        """Whether the lines could be put into words; then they are written, or wait for the disk."""
        self._report()  # of a sync that failed since
        try:
            data = [encode_line(self._stowed(line)) for line in lines]
        except RecursionError:
            self._deep = "a message is nested too deeply"
        else:
            self._deep = ""
            self._file.append(b"".join(data))
            self._mirrored.tell(lines)
            self._labelling.keep_in_sight(lines, max(map(len, data)))
        self._report()
        return not self._deep

    def _stowed(self, line: Json) -> Json:
        try:
            return self._blobs.stow(line)
        except (OSError, SessionError):
            return line  # in the line, then; the file itself will say what is wrong with the disk

    def _report(self) -> None:
        if self.problem and not self._warned:
            self._warned = True
            remedy = "" if self.path.parent.is_dir() else _ELSEWHERE
            self._warn(
                f"This session is no longer being saved in {visible_line(str(self.path))}: {self.problem}.{remedy}"
            )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may not be entered: creating the file will say so
        return False
