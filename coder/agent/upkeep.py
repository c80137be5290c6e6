"""Keeps a conversation within what its model takes: before each request, and when one was refused. Must not know the
loop, or how any of it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.past import Past
from coder.agent.ports import Hooks, NoHooks
from coder.agent.replies import reminder
from coder.agent.requests import Requests
from coder.agent.room import Keep, Room
from coder.core.edits import Clearing, Trigger
from coder.core.errors import ModelError
from coder.core.events import AnyEvent, CompactionEnded, MessageAdded, Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Message, Usage
from coder.core.model import Model

if TYPE_CHECKING:
    from coder.agent import clearing, compactor, media, repairs
else:  # short conversations need none of it
    clearing, compactor, media, repairs = (
        LazyModule(f"coder.agent.{name}") for name in ("clearing", "compactor", "media", "repairs")
    )

MOST_REPAIRS = 4
_USEFUL = 0.8  # what a compaction leaves of the tokens, at most, to be worth trying again soon
_GROWTH = 1.25  # before it is tried again otherwise
_SOON = 1.1  # and when it could not be made


class Upkeep:
    """Of one conversation. Each method but `compact` returns at once when there is nothing to do."""

    def __init__(
        self,
        model: Model,
        history: History,
        requests: Requests,
        emit: Callable[[AnyEvent], None],
        room: Room,
        hooks: Hooks | None = None,
    ) -> None:
        self._past = Past(history, requests, emit, room.clearing.keep)
        self._model = model
        self._emit = emit
        self._room = room
        self._hooks = hooks or NoHooks()
        self._window = room.window
        self._not_below = 0
        self._mended = 0

    @property
    def tokens(self) -> int:
        """What the next request weighs: counted by the API as far as it goes, the rest estimated."""
        return self._past.tokens

    @property
    def compacts_at(self) -> int | None:
        """The tokens at which the conversation is compacted by itself; None when it never is."""
        return self._room.compacts_at if self._room.auto else None

    def fit(self, window: int, max_output: int) -> None:
        """Another model is asked from now on."""
        self._room = replace(self._room, window=window, max_output=max_output)
        self._window, self._not_below = window, 0

    async def before_request(self) -> None:
        """Clears and compacts where that is due. At a turn boundary only: no call waits for its result then."""
        self._mended = 0
        history = self._past.history
        if history.messages and history.messages[-1].role == "assistant":
            return  # a paused turn goes back as it is, or not at all
        folder = self._room.folder
        if self.tokens > self._room.clearing.above:
            old = clearing.batch(history.messages, self.tokens, self._room.renewal, folder, self._room.clearing)
            if old and (edit := await asyncio.to_thread(clearing.clearing, old, folder)) is not None:
                self._past.edit(edit, clearing.WHY)
        if history.has_media and (excess := media.too_much(history.messages)) is not None:
            self._leave_out(excess, "Pictures or documents were left out: together they were too much for a request.")
        if self._room.auto and self.tokens >= self._room.compacts_at and self.tokens > self._not_below:
            await self.compact("auto")

    def answered(self, usage: Usage) -> None:
        """The request was answered; the reply is not committed yet."""
        self._past.requests.answered()
        self._past.learn(usage.prompt_tokens)

    async def mend(self, error: ModelError) -> bool:
        """Changes the conversation so that the request that was refused may pass; False when that cannot be done."""
        self._mended += 1
        if self._mended > MOST_REPAIRS:
            return False
        if repairs.is_too_many_tokens(error):
            return await self._shorten(error)
        found = repairs.repair(error, self._past.history)
        if found is None:
            return repairs.is_too_many_bytes(error) and await self._shorten(error)
        self._past.edit(found.edit, repairs.WHY)
        text = f"The API refused {found.what} in this conversation, so it is left out from now on. {_brief(error)}"
        self._emit(Notice(level="warning", text=text))
        return True

    async def compact(
        self, trigger: Trigger, focus: str = "", keep: Keep | None = None, *, is_needed: bool = False
    ) -> CompactionEnded:
        """Compacts now. `focus` tells what the summary should dwell on. `is_needed`: the conversation fits no more."""
        if refused := await self._hooks.before_compacting(trigger, focus):
            self._emit(Notice(level="warning", text=f"The conversation was not compacted: {refused}"))
            self._not_below = int(self.tokens * _SOON)
            return CompactionEnded(trigger=trigger, before=self.tokens, after=self.tokens, error=refused)
        keep = keep or self._room.keep
        # In a small conversation what is kept would otherwise be all of it.
        keep = replace(keep, tokens=min(keep.tokens, self._past.history.tokens // 4))
        ended = await self._compactor().compact(trigger, focus, self._window, keep, is_needed=is_needed)
        self._not_below = 0
        if ended.after == ended.before and ended.error not in ("", compactor.SHORT_ENOUGH):
            self._not_below = int(ended.after * _SOON)
        elif ended.after > ended.before * _USEFUL:
            self._not_below = int(ended.after * _GROWTH)
            if trigger == "auto":
                freed = max(0, ended.before - ended.after) * 100 // max(1, ended.before)
                text = f"Compacting freed only {freed}% of the context; it is tried again when the context has grown."
                self._emit(Notice(level="warning", text=text))
        if ended.after < ended.before:
            await self._after_compacting(trigger, ended.summary)
        return ended

    async def _after_compacting(self, trigger: Trigger, summary: str) -> None:
        for note in (await self._hooks.after_compacting(trigger, summary)).notes:
            if (committed := self._past.history.commit(reminder(note))) is not None:
                self._emit(MessageAdded(message=committed))

    def _compactor(self) -> compactor.Compactor:
        return compactor.Compactor(self._model, self._past, self._emit, self._room.folder, self._room.renew)

    def uncompact(self) -> bool:
        """Takes the last compaction back; False when there is none to take back."""
        history = self._past.history
        with self._past.changing("compaction taken back"):
            since = history.uncompact()
            for message in since or ():
                history.commit(message)
        if since is not None:
            self._not_below = int(self.tokens * _GROWTH)
        return since is not None

    def restart(self, messages: Sequence[Message], why: str) -> None:
        """The conversation goes on from these messages, which are stored already."""
        with self._past.changing(why):
            self._past.history.restart(messages)
        self._not_below = 0

    async def _shorten(self, error: ModelError) -> bool:
        """The prompt as a whole is too long. The second time less is kept, and there is no third."""
        sent, most = repairs.counted(error)
        self._past.learn(sent)
        self._window = min(self._window, most or self._window)
        if not self._room.auto:
            edit = clearing.everything(self._past.history.messages, 2)
            if edit is None:
                return False
            self._past.edit(edit, clearing.WHY)
            self._emit(Notice(level="warning", text="Old tool results were cleared: the conversation was too long."))
            return True
        if self._mended > 2:
            return False
        keep = self._room.keep
        if self._mended == 2:
            keep = Keep(1, keep.tokens // 4)
        ended = await self.compact("auto", keep=keep, is_needed=True)
        return ended.after < ended.before

    def _leave_out(self, edit: Clearing, text: str) -> None:
        self._past.edit(edit, edit.why)
        self._emit(Notice(level="warning", text=text))


def _brief(error: ModelError) -> str:
    text = str(error)
    return text if len(text) <= 300 else f"{text[:299]}…"
