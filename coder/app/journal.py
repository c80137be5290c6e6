"""The session's memory on disk, as the engine sees it: where messages go, what was loaded, where whole outputs lie.

Knows transcripts; never the model or a front end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder import __version__
from coder.app.starting import Start, start
from coder.core.config import Config
from coder.core.edits import ContextEdit
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, Notice, RunEnded, StateChanged, TurnEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message, ToolResult, ToolUse
from coder.sessions.load import Loaded, side_folder
from coder.sessions.mirrored import Mirror
from coder.sessions.repair import cut_short, repair
from coder.sessions.repository import branch_of
from coder.sessions.store import Transcript

if TYPE_CHECKING:
    from coder.app.subagents import unfinished
else:  # after a crash
    unfinished = LazyModule("coder.app.subagents.unfinished")

FOLDER = "subagents"
_UNSAVED = "This session is not saved: it has nothing to go back to."


class Journal:
    """`messages` are those to go on with, sendable; `notes` what a person should know about their loading; `model` the
    one that was asked last, "" when there was none, and `edited_since` why the past has changed since its last reply.
    `cut` are the calls of replies whose results were not all there. `folder` holds the session's side files, made when
    needed; `past` those of the session it goes on with, None for a new one. Nothing is kept when there is no
    transcript."""

    def __init__(
        self, session_id: str, transcript: Transcript | None, warn: _Warnings, loaded: Loaded | None = None
    ) -> None:
        self.session_id = session_id
        self.messages: tuple[Message, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.model = loaded.model if loaded else ""
        self.edited_since = loaded.edited if loaded else ""
        self._transcript = transcript
        self._warn = warn
        self.past: Path | None = None
        self.cut: frozenset[str] = frozenset()
        self._cwd: Path | None = None
        self._agent_of = transcript is not None and transcript.agent != ""
        self._syncing: set[asyncio.Future[None]] = set()
        self._mirror: Mirror | None = None
        if loaded is not None:
            self._take(loaded)
            self.notes = (loaded.skipped,) if loaded.skipped else ()
        if transcript is None:
            # Not guessable by another user of the machine, and gone at the end.
            self.folder = Path(os.environ.get("TMPDIR") or "/tmp") / f"coder-{uuid.uuid4().hex}"
        else:
            self.folder = side_folder(transcript.path)

    @classmethod
    def open(cls, config: Config, wanted: Start) -> Journal:
        """A new session, or one to go on with. Raises SessionError."""
        warn = _Warnings()
        started = start(config, wanted, warn)
        journal = cls(started.session_id, started.transcript, warn, started.loaded)
        journal.notes += (started.note,) if started.note else ()
        journal._cwd = config.cwd
        journal.past = side_folder(started.source) if started.source is not None else None
        if started.transcript is not None:
            started.transcript.describe(branch=branch_of(config.cwd))
        return journal

    @classmethod
    def of_agent(
        cls, session: Journal, path: Path, home: Path, cwd: Path, id: str, emit: Callable[[AnyEvent], None]
    ) -> Journal:
        """That of a subagent, beside its session's; it goes on where it was when its transcript is there. Nothing is
        kept where the session keeps nothing. Raises SessionError. Blocks while it reads."""
        warn = _Warnings()
        warn.emit = emit
        if session.path is None:
            journal = cls(session.session_id, None, warn)
            journal.folder = session.folder / FOLDER / f"agent-{id}"
            return journal
        transcript = Transcript.aside(path, home, cwd, session.session_id, id, __version__, warn)
        journal = cls(session.session_id, transcript, warn, transcript.loaded)
        if session._mirror is not None:
            journal.mirror(session._mirror)
        return journal

    def mirror(self, mirror: Mirror) -> None:
        """From now on whatever is stored is told to `mirror` too, and what is stored of subagents."""
        self._mirror = mirror
        if self._transcript is not None:
            self._transcript.mirror(mirror)

    def beside(self, path: Path, entry: Json) -> None:
        """Something was stored that belongs to the transcript at `path`, in a file of its own."""
        if self._mirror is not None:
            self._mirror(path, [entry])

    @property
    def path(self) -> Path | None:
        return self._transcript.path if self._transcript else None

    @property
    def leaf(self) -> str | None:
        """Where the conversation stands: `move_to` comes back to it after a rewind."""
        return self._transcript.leaf if self._transcript else None

    @property
    def title(self) -> str:
        """What somebody called the session; "" when nobody has."""
        labels = self._transcript.labels if self._transcript else None
        return (labels.custom or labels.ai) if labels else ""

    def warn_through(self, emit: Callable[[AnyEvent], None]) -> None:
        self._warn.emit = emit

    def asks(self, model: str) -> None:
        """The model that replies are asked of from now on; a resumed session goes on with it."""
        if self._transcript is not None:
            self._transcript.describe(model=model)

    def append(self, message: Message) -> None:
        if self._transcript is not None:
            self._transcript.append(message)

    def started(self, call: ToolUse) -> None:
        """A call is about to run. Before one that changes anything, `settle` is to be awaited."""
        if self._transcript is not None:
            self._transcript.started(call)

    async def settle(self) -> None:
        """Returns when what was stored outlives the machine."""
        if self._transcript is not None:
            await asyncio.to_thread(self._transcript.sync)

    def finished(self, message_uuid: str, index: int, count: int, result: ToolResult, data: Json | None) -> None:
        """One of the `count` results of a message that is appended later, under the uuid `message_uuid`, is known."""
        if self._transcript is not None:
            self._transcript.finished(message_uuid, index, count, result, data)

    def edited(self, edit: ContextEdit) -> None:
        """What the model sees of the past has changed."""
        if self._transcript is not None:
            self._transcript.edited(edit)

    def uncompact(self, since: Sequence[Message] | None = ()) -> tuple[Message, ...]:
        """Takes the latest compaction back and returns the conversation as it was before it, with `since` behind it;
        None stands for all that was said since.

        Raises SessionError when there is none to take back, or the session is not saved. Blocks while it reads.
        """
        self._saved().uncompact(since)
        return self._reloaded()

    def uncompacted(self) -> None:
        """The conversation is what it was before its latest compaction; what was said since follows."""
        if self._transcript is not None:
            self._transcript.uncompact()

    def rewind_to(self, prompt: str) -> str:
        """Goes back to before a message of the person, given by its uuid, and returns its text; `messages` are then
        those before it. Raises SessionError. Blocks while it reads."""
        text = self._saved().rewind_to(prompt)
        self._reloaded()
        return text

    def move_to(self, leaf: str | None) -> None:
        """Makes an entry the end of the conversation; the `leaf` before a rewind undoes it. Raises SessionError."""
        self._saved().move_to(leaf)
        self._reloaded()

    def rename(self, name: str) -> None:
        """The person's name for the session."""
        if self._transcript is not None:
            self._transcript.label(custom=name)

    def entitle(self, title: str) -> None:
        """A model's title for the session; a name that a person gave it comes first."""
        if self._transcript is not None:
            self._transcript.label(ai=title)

    def on(self, event: AnyEvent) -> None:
        """At the end of a turn the disk is asked to make it last, in a thread of its own."""
        if self._transcript is None:
            return
        if event.agent != "main":
            return  # it has a journal of its own
        if isinstance(event, StateChanged):
            self.asks(event.model)
        elif isinstance(event, TurnEnded | RunEnded):
            if self._cwd is not None:
                self._transcript.describe(branch=branch_of(self._cwd))
            syncing = asyncio.get_running_loop().run_in_executor(None, self._transcript.sync)
            self._syncing.add(syncing)
            syncing.add_done_callback(self._syncing.discard)

    async def aclose(self) -> None:
        if self._syncing:
            await asyncio.wait(self._syncing)
        if self._transcript is not None:
            self._transcript.close()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _unfinished(self, call: ToolUse) -> tuple[ToolResult, Json | None] | None:
        """What is to be said of a call that has no result, where more is known than that."""
        if call.name not in ("Agent", "Task", "SendMessage") or self._transcript is None:
            return None
        folder = side_folder(self._transcript.path)
        if self._agent_of:
            folder = self._transcript.path.parent.parent
        found: tuple[ToolResult, Json | None] | None = unfinished.answer(folder, call)
        return found

    def _saved(self) -> Transcript:
        if self._transcript is None:
            raise SessionError(_UNSAVED)
        return self._transcript

    def _reloaded(self) -> tuple[Message, ...]:
        self._take(self._saved().reload())
        return self.messages

    def _take(self, loaded: Loaded) -> None:
        self.cut = cut_short(loaded.messages)
        self.messages = repair(loaded.messages, loaded.calls, self._unfinished)


class _Warnings:
    """A warning's way out. The transcript is opened before there is anybody to tell; it warns only when it writes."""

    emit: Callable[[AnyEvent], None] | None = None

    def __call__(self, text: str) -> None:
        if self.emit is not None:
            self.emit(Notice(level="warning", text=text))
