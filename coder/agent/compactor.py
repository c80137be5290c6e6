"""Compacts a conversation: has it summarised, and puts the summary and what is kept in its place. Must not know when
that is due. Whatever goes wrong, the conversation can go on afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from coder.agent import archive
from coder.agent.asking import ask
from coder.agent.clearing import everything
from coder.agent.compaction import compacted, question, tail_start
from coder.agent.history import History, fresh_copy
from coder.agent.past import Past
from coder.agent.repairs import WHY, is_too_many_tokens, repair
from coder.agent.room import MOST_SUMMARY, Keep, Renew
from coder.agent.weight import message_tokens
from coder.core.edits import Compaction, Trigger, applied
from coder.core.errors import ErrorKind, ModelError
from coder.core.events import AnyEvent, CompactionEnded, CompactionStarted, Notice
from coder.core.messages import Message
from coder.core.model import Completed, Model

SHORT_ENOUGH = "the conversation is as short as it gets"
_TRIES = 4
_WORTH = 500  # tokens
_PASSING: frozenset[ErrorKind] = frozenset(
    {"rate_limit", "overloaded", "server", "connection", "timeout", "cut", "auth", "budget", "token_budget"}
)


class Compactor:
    """`folder` takes the whole conversation as a file before it is shortened."""

    def __init__(
        self,
        model: Model,
        past: Past,
        emit: Callable[[AnyEvent], None],
        folder: Path,
        renew: Renew | None = None,
    ) -> None:
        self._model = model
        self._past = past
        self._emit = emit
        self._folder = folder
        self._renew = renew

    async def compact(
        self, trigger: Trigger, focus: str, room: int, keep: Keep, *, is_needed: bool = False
    ) -> CompactionEnded:
        """Shortens the conversation; `room` is the most tokens a request may have. Cancelled, it changes nothing.

        Never raises ModelError: without a summary, what is known of each step stands in its place. But what a failure
        that says nothing of the conversation would cost is too much while it still fits: then it stays as it is, unless
        that `is_needed`.
        """
        self._emit(CompactionStarted(trigger=trigger))
        before = self._past.tokens
        if not self._is_worth_it(keep):
            ended = CompactionEnded(trigger=trigger, before=before, after=before, error=SHORT_ENOUGH)
            self._emit(ended)
            return ended
        try:
            path = await asyncio.to_thread(archive.save, self._folder, self._past.history.messages)
            summary, error, is_passing = await self._summary(focus, room)
            head = await self._renewed(keep)
        except asyncio.CancelledError:  # whoever shows that it is under way must learn that it no longer is
            self._emit(CompactionEnded(trigger=trigger, before=before, after=before, error="it was interrupted"))
            raise
        if is_passing and not is_needed:
            return self._put_off(trigger, before, error)
        messages = self._past.history.messages
        made = compacted(messages, summary, path, keep)
        if head is not None:
            made = [*head, *(message for message in made if message.meta.kind != "context")]
        if sum(map(message_tokens, made)) >= sum(map(message_tokens, messages)):
            error = error or SHORT_ENOUGH
        else:
            self._past.edit(Compaction(tuple(made), trigger, before), "compaction")
        ended = CompactionEnded(trigger=trigger, before=before, after=self._past.tokens, error=error, summary=summary)
        self._emit(ended)
        if error and ended.after < before:
            where = f" The whole of it is in {path}." if path else ""
            text = f"The conversation was shortened without a summary, since {error.rstrip('.')}.{where}"
            self._emit(Notice(level="warning", text=text))
        return ended

    async def _renewed(self, keep: Keep) -> Sequence[Message] | None:
        """The facts that the conversation is to begin with; None when they stay as they are."""
        if self._renew is None:
            return None
        messages = self._past.history.messages
        held = [fresh_copy(message) for message in messages if message.meta.kind == "context"]
        return await asyncio.to_thread(self._renew, held, messages[: tail_start(messages, keep)])

    def _put_off(self, trigger: Trigger, before: int, error: str) -> CompactionEnded:
        ended = CompactionEnded(trigger=trigger, before=before, after=before, error=error)
        self._emit(ended)
        text = f"The conversation was not compacted and stays as it is, since {error.rstrip('.')}."
        self._emit(Notice(level="warning", text=text))
        return ended

    def _is_worth_it(self, keep: Keep) -> bool:
        """Whether anything is gained, even by the shortest summary."""
        messages = self._past.history.messages
        shortest = compacted(messages, "-", None, keep)
        return sum(map(message_tokens, messages)) - sum(map(message_tokens, shortest)) > _WORTH

    async def _summary(self, focus: str, room: int) -> tuple[str, str, bool]:
        """The summary, or "" and why there is none; and whether that has nothing to do with the conversation."""
        is_trimmed = self._past.tokens + MOST_SUMMARY > room
        for _ in range(_TRIES):
            try:
                return *_text_of(await self._ask(focus, is_trimmed)), False
            except ModelError as error:
                if is_too_many_tokens(error) and not is_trimmed:
                    is_trimmed = True
                elif (found := repair(error, self._past.history)) is not None:
                    self._past.edit(found.edit, WHY)
                else:
                    return "", f"no summary could be had: {error}", error.kind in _PASSING
        return "", "no summary could be had: the API refused the conversation again and again", False

    async def _ask(self, focus: str, is_trimmed: bool) -> Completed:
        view = self._trimmed() if is_trimmed else self._past.history.view
        request = self._past.requests.beside(question(focus), "compact", MOST_SUMMARY, view)
        return await ask(self._model, request, self._emit)

    def _trimmed(self) -> tuple[Message, ...]:
        """The view with all results but the last two cleared: too long a conversation must be shown shorter."""
        messages = self._past.history.messages
        if (edit := everything(messages, 2)) is not None:
            messages = applied(messages, edit)
        shown = History(messages=messages)
        shown.project_for(self._past.requests.template.model)
        return shown.view


def _text_of(completed: Completed) -> tuple[str, str]:
    if completed.stop_reason == "refusal":
        return "", "the model refused to summarise it"
    text = completed.message.text.strip()
    if text and completed.stop_reason == "max_tokens":
        text = f"{text}\n[The summary was cut here at its longest.]"
    return (text, "") if text else ("", "the model's summary was empty")
