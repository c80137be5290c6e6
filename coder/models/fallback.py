"""Goes to the next model when one cannot be had. Must not know transports, retries or who is told."""

from __future__ import annotations

import operator
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from coder.agent.projection import is_thinking
from coder.core.errors import ModelError
from coder.core.messages import Message
from coder.core.model import CountingModel, Model, ModelEvent, ModelRequest, Switched
from coder.models.catalog import describe, is_same_model

_EDIT_HEADER = "x-coder-context-edit"
_WHY = {
    "overloaded": "is overloaded",
    "server": "fails",
    "timeout": "does not answer",
    "not_found": "was not found",
    "rate_limit": "is at its rate limit",
}


class FallbackModel:
    """Model to Model: a request that its model cannot answer goes to the next of `fallbacks`, fitted to it, and so do
    the requests after it until `start_over`. `limited` says that a rate limit counts as such a failure, too.

    `patient` takes the requests of the last model in the chain, `model` those that another model may still take.
    """

    def __init__(
        self,
        model: Model,
        patient: Model,
        fallbacks: tuple[str, ...] = (),
        *,
        limited: bool = False,
        counter: CountingModel | None = None,
    ) -> None:
        self._model = model
        self._patient = patient
        self._fallbacks = fallbacks
        self._failures = frozenset(_WHY) if limited else frozenset(_WHY) - {"rate_limit"}
        self._counter = counter
        self._down: set[str] = set()
        self._last = ""
        self._fitting = _Fitting()

    def start_over(self) -> None:
        """The next request asks its own model again."""
        self._down.clear()

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        chain = [name for name in dict.fromkeys((request.model, *self._fallbacks)) if name not in self._down]
        chain = chain or [request.model]
        for name, following in zip(chain, (*chain[1:], ""), strict=True):
            events = (self._model if following else self._patient).stream(self._fitted(request, name))
            try:
                async for event in events:
                    yield event
                return
            except ModelError as error:
                if not following or error.kind not in self._failures:
                    raise
                self._down.add(name)
                why = f"{name} {_WHY[error.kind]}: this turn goes to {following}."
            finally:
                if isinstance(events, AsyncGenerator):
                    await events.aclose()
            yield Switched(following, why)

    async def count_tokens(self, request: ModelRequest) -> int:
        """The prompt's tokens as the server counts them. Raises ModelError."""
        if self._counter is None:
            raise ModelError("This model does not count tokens.", "not_found")
        return await self._counter.count_tokens(request)

    async def aclose(self) -> None:
        await self._model.aclose()

    def _fitted(self, request: ModelRequest, name: str) -> ModelRequest:
        """The request as `name` can take it. A change of the model gives up the cached prefix: that is announced."""
        messages = self._fitting.messages(request.messages, name)
        changed = bool(self._last) and self._last != name
        self._last = name
        if changed or _is_foreign(_writer(request.messages), name):
            headers = {_EDIT_HEADER: "fallback model", **request.headers}
            request = replace(request, headers=headers)
        if name == request.model:
            return request if messages is request.messages else replace(request, messages=messages)
        facts = describe(name)
        return replace(
            request,
            model=name,
            messages=messages,
            max_tokens=min(request.max_tokens, facts.max_output),
            thinking=request.thinking and (facts.thinking or request.thinking_tokens is not None),
            thinking_tokens=None if facts.thinking else request.thinking_tokens,
            effort=request.effort if facts.effort else None,
            task_budget=request.task_budget if facts.effort else None,
        )


def _writer(messages: tuple[Message, ...]) -> str:
    """Who wrote the last reply; "" when there is none."""
    return next((message.meta.model for message in reversed(messages) if message.role == "assistant"), "")


def _is_foreign(writer: str, name: str) -> bool:
    """Whether `name` cannot read what `writer` signed. Of two models that nobody knows, one may be the other."""
    return bool(writer) and not is_same_model(writer, name) and (describe(writer).known or describe(name).known)


class _Fitting:
    """Messages without what only another model can read. What was made once stays the same object."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], tuple[Message, Message]] = {}

    def messages(self, messages: tuple[Message, ...], name: str) -> tuple[Message, ...]:
        fitted = tuple(self._fit(message, name) for message in messages)
        return messages if all(map(operator.is_, fitted, messages)) else fitted

    def _fit(self, message: Message, name: str) -> Message:
        if message.role == "user" or not _is_foreign(message.meta.model, name):
            return message
        known = self._made.get((id(message), name))
        if known is None or known[0] is not message:
            known = self._made[(id(message), name)] = (message, without_thinking(message))
        return known[1]


def without_thinking(message: Message) -> Message:
    """A reply without its thinking, which is signed for the model that wrote it. A reply of nothing else stays."""
    content = tuple(block for block in message.content if not is_thinking(block))
    return replace(message, content=content) if content and content != message.content else message
