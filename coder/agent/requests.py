"""The requests of one conversation: its view, the cache marks, and the word that the past was edited. Must not know
why it was, or who sends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from coder.agent import heads
from coder.agent.caching import Mark, before_result, plan
from coder.agent.history import History
from coder.agent.projection import is_foreign
from coder.core.messages import Message
from coder.core.model import ModelRequest, Purpose

EDIT_HEADER = "x-coder-context-edit"
SIDE_HEADER = "x-coder-side-request"


class Requests:
    """`template` is the request without messages; its prefix never changes. `edited`: why the past is another one than
    the last request had, if it is."""

    def __init__(self, template: ModelRequest, history: History, edited: str = "") -> None:
        self._template = self._lasting = template
        self._is_lent = False  # to one run, with a template of its own
        self._history = history
        self._ends: list[Mark] = []  # marks of the requests that were sent: each wrote its prefix to the cache
        self._anchor: Mark | None = None
        self._edited = edited
        self._head = ""
        history.project_for(template.model)
        last = next((message for message in reversed(history.messages) if message.meta.kind == "reply"), None)
        if last is not None and is_foreign(last, template.model):
            self._edited = "another model"
        elif last is not None and not edited:
            self._edited = heads.changed(last.meta.head, self.head)

    @property
    def template(self) -> ModelRequest:
        return self._template

    @property
    def head(self) -> str:
        """The mark of what requests begin with."""
        self._head = self._head or heads.head_of(self._template)
        return self._head

    def begin_with(self, template: ModelRequest) -> None:
        """For the first request: nothing was sent from which it could differ."""
        self._template, self._lasting, self._head = template, template, ""
        self._history.project_for(template.model)

    def go_on_with(self, template: ModelRequest) -> None:
        """Another template, with the same prompt, from the next request on."""
        self._lasting = template

    @contextmanager
    def using(self, template: ModelRequest | None) -> Iterator[None]:
        """Inside the block requests are made from another template, which has the same prompt and tools."""
        self._settle()
        if template is None or template == self._template:
            yield
            return
        self._switch(template)
        self._is_lent = True
        try:
            yield
        finally:
            self._is_lent = False
            self._settle()

    def _settle(self) -> None:
        """The template that lasts is used, unless another was lent."""
        if self._is_lent or self._template == self._lasting:
            return
        if any(message.meta.kind == "reply" for message in self._history.messages):
            self._switch(self._lasting)
        else:
            self.begin_with(self._lasting)

    def _switch(self, template: ModelRequest) -> None:
        self._edited = self._edited or _changed(self._template, template)
        self._template, self._head = template, ""
        self._ends, self._anchor = [], None
        self._history.project_for(template.model)

    def next(self) -> ModelRequest:
        """The request that asks for the next reply."""
        self._settle()
        view = self._history.view
        marks = plan(view, self._history.context_blocks, self._previous, self._anchor)
        self._ends = sorted({*self._ends, *marks})
        return replace(self._template, messages=view, marks=marks, headers=self._headers())

    def answered(self) -> None:
        """The last request was answered: the next one extends it."""
        self._edited = ""

    def edited(self, why: str, before: Sequence[Message], kept: int) -> str:
        """The past is another one now; `before` is the view as it was. The next edit will come no earlier than the last
        `kept` tool results. Returns the first place that differs."""
        view = self._history.view
        place = _first_difference(before, view)
        self._ends = [end for end in self._ends if end < place]
        self._anchor = before_result(view, kept)
        self._edited = self._edited or why
        return f"messages.{place[0]}.content.{place[1]}"

    def beside(self, question: Message, purpose: Purpose, max_tokens: int, view: Sequence[Message]) -> ModelRequest:
        """A request that is no part of the conversation: `view` with a question at its end. It reads what the last
        request left in the cache, and writes nothing."""
        if view and view[-1].role == question.role:
            asked = (*view[:-1], Message(question.role, (*view[-1].content, *question.content), view[-1].meta))
        else:
            asked = (*view, question)
        marks = plan(view, self._history.context_blocks, self._previous, self._anchor)[:-1]
        return replace(
            self._template,
            messages=asked,
            marks=marks,
            max_tokens=min(max_tokens, self._template.max_tokens),
            headers={**self._template.headers, SIDE_HEADER: purpose},
            purpose=purpose,
        )

    @property
    def _previous(self) -> Mark | None:
        return self._ends[-1] if self._ends else None

    def _headers(self) -> dict[str, str]:
        edited = {EDIT_HEADER: self._edited} if self._edited else {}
        return {**self._template.headers, **edited}


def _changed(before: ModelRequest, now: ModelRequest) -> str:
    if now.model != before.model:
        return "another model"
    return "other tools" if now.tools != before.tools else "another effort"


def _first_difference(old: Sequence[Message], new: Sequence[Message]) -> Mark:
    for index, (was, now) in enumerate(zip(old, new, strict=False)):
        if was is now or (was.role == now.role and was.content == now.content):
            continue
        if was.role != now.role:
            return (index, 0)
        pairs = enumerate(zip(was.content, now.content, strict=False))
        same = min(len(was.content), len(now.content))
        return (index, next((at for at, (mine, theirs) in pairs if mine != theirs), same))
    return (min(len(old), len(new)), 0)
