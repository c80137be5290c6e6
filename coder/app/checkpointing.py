"""Checkpoints of one session as the engine and front ends see them: round calls, before git drops work, going back.

Knows the store of checkpoints and the events; must not know what a front end shows. Nothing is loaded and no folder is
looked at before the first call that may change something (docs/adr/0004).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from coder.agent.ports import Watched
from coder.app.conversation import Conversation, Told
from coder.app.recording import Recording, Site, clause
from coder.app.threads import finished
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError, SessionError
from coder.core.events import AnyEvent, CheckpointTaken, Notice, RunStarted
from coder.core.lazy import LazyModule
from coder.core.messages import said

if TYPE_CHECKING:
    from coder.app import completing
    from coder.checkpoints import back, compare, gitstate, limits, pending, space
    from coder.checkpoints.changelog import ChangeSet
    from coder.checkpoints.entries import Change
    from coder.permissions.gitdrops import Drop
else:
    completing = LazyModule("coder.app.completing")
    back, compare, gitstate, limits, pending, space = (
        LazyModule(f"coder.checkpoints.{name}")
        for name in ("back", "compare", "gitstate", "limits", "pending", "space")
    )

T = TypeVar("T")
What: TypeAlias = Literal["both", "files", "conversation"]
FOLDER = "file-history"


@dataclass(frozen=True, slots=True, eq=False)
class Rewound:
    """What going back did. `text` is the prompt that was gone back before, to be asked again; `passed` are paths that
    somebody changed in the last moment, which were left."""

    text: str
    files: tuple[str, ...]
    passed: tuple[str, ...]
    conversation: bool


class Checkpointing:
    """Implements the engine's `Checkpoints`; the methods below `around` are for front ends, which show what they say.

    `told` are the prompts of a conversation that goes on. Without a `conversation` only files can go back. When
    `enabled` is not set nothing is kept.
    """

    def __init__(
        self,
        site: Site,
        emit: Callable[[AnyEvent], None],
        *,
        told: Iterable[Told] = (),
        conversation: Conversation | None = None,
        enabled: bool = True,
    ) -> None:
        self._site = site
        self._emit = emit
        self._recording = Recording(site, told, self._warn)
        self._conversation = conversation
        self._enabled = enabled
        self._under_way = ""
        self._turn = asyncio.Lock()
        self._told_of_calls: list[Callable[[tuple[Change, ...]], None]] = []
        self._told_of_rewinds: list[Callable[[tuple[Change, ...]], None]] = []

    def tell_changes(self, to: Callable[[tuple[Change, ...]], None], *, rewinds: bool = False) -> None:
        """From now on what a call changed is told as well, once it is noted; with `rewinds` what going back did too."""
        self._told_of_calls.append(to)
        if rewinds:
            self._told_of_rewinds.append(to)

    def on(self, event: AnyEvent) -> None:
        """Notes each prompt as a point."""
        if self._enabled and isinstance(event, RunStarted) and event.agent == "main":
            self._recording.told.append(Told(event.prompt.meta.uuid, said(event.prompt), time.time()))

    def forget(self, prompt: str) -> None:
        """A prompt, by its uuid, is no longer part of the conversation, and nothing was done for it."""
        self._recording.told = [each for each in self._recording.told if each.uuid != prompt]

    async def recover(self) -> tuple[str, ...]:
        """Completes a rewind that was cut off, if there is one. Returns what a person should know."""
        if not self._enabled or not (self._site.base / "pending").exists():
            return ()
        return await completing.complete(self._site, self._conversation)

    async def before_asking(self, drop: Drop) -> str:
        if not self._enabled:
            return ""
        try:
            id, more = await finished(self._recording.snapshot, drop)
        except CoderError as error:
            self._warn(f"No checkpoint could be taken before {drop.text}: {clause(error)}.")
            return ""
        finally:
            self._tell()
        before = f"{drop.text}{more}"
        end = "" if before.endswith(".") else "."  # a command's own dot is the end of the sentence, not `..`
        text = f"Checkpoint {id} is taken before {before}{end} It brings back what is here: coder rewind {id}"
        self._emit(CheckpointTaken(id=id, before=drop.text, text=text))
        return text

    @asynccontextmanager
    async def around(self, call: Watched) -> AsyncIterator[None]:
        """One call at a time is noted: one that somebody makes beside the run waits for that of the run, or that for
        it."""
        if not self._enabled:
            yield
            return
        async with self._turn:
            self._under_way = id = await self._before(call)
            try:
                yield
            finally:
                self._under_way = ""
                if id:
                    await self._after(id)

    @property
    def under_way(self) -> str:
        """The id of the set of changes that the call under way will be; "" when none is, or nothing is kept."""
        return self._under_way

    @property
    def prompt(self) -> str:
        """The last prompt of the conversation, by its uuid; "" before the first."""
        return self._recording.told[-1].uuid if self._recording.told else ""

    def stirred(self, command: str) -> None:
        """A command ran beside the calls of a run, of which one is noted at a time: what it changed is found at the
        next look."""
        if self._enabled:
            self._recording.stirred(command)

    async def points(self, *, checkpoints: bool = False) -> list[back.Point]:
        """The points of this session that can be gone back to, the oldest first; with `checkpoints` also those that
        were taken before commands. Raises CoderError."""
        return await finished(lambda: self._recording.back().points(checkpoints=checkpoints))

    async def preview(self, id: str, *, force: bool = False) -> back.Preview:
        """What going back would do to files. Raises CoderError."""
        return await finished(lambda: self._recording.back().preview(id, force=force))

    async def preview_undo(self, *, force: bool = False) -> back.Preview:
        """What undoing the last rewind would do to files. Raises CoderError."""
        return await finished(lambda: self._recording.back().preview_undo(force=force))

    @property
    def enabled(self) -> bool:
        return self._enabled

    async def differences(self) -> list[compare.Difference]:
        """What the session changed, file by file, but for what a rewind took back. Raises CoderError."""
        return await finished(self._recording.differences)

    async def changed_in(self, prompt: str) -> tuple[ChangeSet, ...]:
        """What was changed since a prompt, by its uuid, set by set: rewinds are not among them. Raises CoderError."""
        return await finished(self._recording.changed_in, prompt)

    def content(self, content: str) -> bytes:
        """What an entry of a change calls `content`. Blocks; raises CoderError."""
        data: bytes = self._recording.opened().contents.get(content)
        return data

    async def preview_sets(self, ids: Collection[str], *, force: bool = False) -> back.Preview:
        """What taking back just these changes would do to files. Raises CoderError."""
        return await finished(lambda: self._recording.back().preview_sets(ids, force=force))

    async def take_back(self, ids: Collection[str], what: str, *, force: bool = False) -> tuple[str, Rewound]:
        """Takes just these changes back, by the ids of their sets; the conversation stays. Returns the id of the set
        that did it as well. Raises CoderError."""
        done = await finished(lambda: self._recording.back().take_back(ids, what, force=force))
        self._learn(done)
        return done.changes.id, _rewound("", done, conversation=False)

    async def states_before(self, id: str) -> tuple[gitstate.GitState, ...]:
        """What git knew of each repository at a checkpoint that was taken before a command."""
        return await finished(gitstate.load_states, self._site.base / self._site.session_id, id)

    async def rewind(self, id: str, what: What = "both", *, force: bool = False) -> Rewound:
        """Goes back to before a point: first the files, then the conversation. Raises CoderError; then nothing was
        changed, but where the conversation alone could not go back, which the error says."""
        mark = await finished(lambda: self._recording.back().find(id))
        conversation = self._conversation if what != "files" and not mark.why else None
        if what != "files" and not mark.why and conversation is None:
            raise SessionError("this conversation cannot go back. Go back with files only.")
        done, text = None, mark.text
        leaf = (conversation.leaf if conversation is not None else None) or ""
        if what == "conversation":
            await finished(lambda: self._recording.back().talk_back(mark.id, leaf))
        else:
            done = await finished(lambda: self._recording.back().rewind(mark.id, force=force, leaf=leaf))
            self._learn(done)
        if conversation is not None:
            text = self._talk_back(lambda: conversation.rewind_to(mark.id))
            if done is not None:
                pending.talked(self._site.base, done.changes.id)
            told = self._recording.told
            at = next((index for index, each in enumerate(told) if each.uuid == mark.id), len(told))
            del told[at:]
        return _rewound(text, done, conversation=conversation is not None)

    async def undo_last(self, *, force: bool = False) -> Rewound:
        """Undoes what the last rewind did, or the last undo. Raises CoderError."""
        last = await finished(lambda: self._recording.back().last_rewind())
        conversation = self._conversation if last.leaf else None
        leaf = (conversation.leaf if conversation is not None else None) or ""
        done = await finished(lambda: self._recording.back().undo(force=force, leaf=leaf))
        self._learn(done)
        if conversation is not None:
            self._talk_back(lambda: conversation.move_to(last.leaf))
            pending.talked(self._site.base, done.changes.id)
        return _rewound("", done, conversation=conversation is not None)

    async def aclose(self) -> None:
        """After background commands have been ended. Idempotent, never raises."""
        if self._recording.is_open:
            await finished(self._recording.close)
            self._tell()
            try:
                if await finished(space.stored_bytes, self._site.base) > limits.MOST_STORED_BYTES:
                    await finished(space.collect, self._site.base)
            except CoderError as error:
                self._warn(f"The store of checkpoints could not be tidied: {clause(error)}.")

    async def _before(self, call: Watched) -> str:
        try:
            return await finished(self._recording.begin, call)
        except CoderError as error:
            self._warn(f"What {call.summary.partition(' ')[0]} changes cannot be undone: {clause(error)}.")
            return ""
        finally:
            self._tell()

    async def _after(self, id: str) -> None:
        try:
            noted = await finished(self._recording.after, id)
            if noted is not None:
                for told in self._told_of_calls:
                    told(noted)
        except CoderError as error:
            self._warn(f"What this call changed cannot be undone: {clause(error)}.")
        finally:
            self._tell()

    def _learn(self, done: pending.Done) -> None:
        self._recording.note(done.changes.changes)
        for told in self._told_of_rewinds:
            told(done.changes.changes)

    def _talk_back(self, go: Callable[[], T]) -> T:
        try:
            return go()
        except CoderError as error:
            raise SessionError(f"The files are back, the conversation is not: {error}") from error

    def _tell(self) -> None:
        """Passes on what the recorder had to say."""
        warnings = self._recording.warnings
        while warnings:  # the list stays the same: the recorder has it
            self._warn(warnings.pop(0))

    def _warn(self, text: str) -> None:
        self._emit(Notice(level="warning", text=text))


def _rewound(text: str, done: pending.Done | None, *, conversation: bool) -> Rewound:
    files = tuple(change.path for change in done.changes.changes) if done is not None else ()
    return Rewound(text, files, done.passed if done is not None else (), conversation)
