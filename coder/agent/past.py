"""The past of a conversation as something that may be edited: what it weighs, and that each edit is told. Must not know
why one is made."""

from __future__ import annotations

from collections.abc import Callable

from coder.agent.history import History
from coder.agent.requests import Requests
from coder.agent.weight import Weight, head_tokens, message_tokens
from coder.core.edits import ContextEdit
from coder.core.events import AnyEvent, ContextEdited


class Past:
    """`kept` is how many of the latest tool results no edit is likely to touch soon."""

    def __init__(self, history: History, requests: Requests, emit: Callable[[AnyEvent], None], kept: int) -> None:
        self.kept = kept
        self.history = history
        self.requests = requests
        self._emit = emit
        self._weight = Weight(head_tokens(requests.template))
        self._recall()

    @property
    def tokens(self) -> int:
        """What the next request weighs: counted by the API as far as it goes, the rest estimated."""
        return self._weight.of(self.history.tokens)

    def learn(self, counted: int) -> None:
        """The API counted so many tokens in a request of the whole conversation as it is now."""
        self._weight.learn(counted, self.history.tokens)

    def edit(self, edit: ContextEdit, why: str) -> None:
        """Applies it: from the next request on the model sees the past like that."""
        with self.changing(why):
            self.history.edit(edit)

    def changing(self, why: str) -> _Change:
        """Announces how the past changes inside the block, if it does."""
        return _Change(self, why, self._emit)

    def _recall(self) -> None:
        """A conversation that is gone on with was counted before: at its last reply."""
        before = 0
        found = (0, 0)
        for message in self.history.messages:
            if message.meta.kind == "reply" and message.meta.usage.prompt_tokens:
                found = (message.meta.usage.prompt_tokens, before)
            before += message_tokens(message)
        self._weight.learn(*found)


class _Change:
    def __init__(self, past: Past, why: str, emit: Callable[[AnyEvent], None]) -> None:
        self._past = past
        self._why = why
        self._emit = emit

    def __enter__(self) -> None:
        self._view = self._past.history.view
        self._before = self._past.tokens

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None and self._past.history.view != self._view:
            where = self._past.requests.edited(self._why, self._view, self._past.kept)
            self._emit(ContextEdited(why=self._why, where=where, freed=self._before - self._past.tokens))
