"""One question to a model outside the conversation's own stream of events. Must not know what is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from coder.core.errors import ModelError
from coder.core.events import AnyEvent, ModelRetrying, Notice
from coder.core.model import Completed, Model, ModelRequest, Retrying, Switched


async def ask(model: Model, request: ModelRequest, emit: Callable[[AnyEvent], None]) -> Completed:
    """The whole reply; retries and a change of the model are announced. Raises ModelError."""
    async with aclosing(model.stream(request)) as events:  # type: ignore[type-var]  # streams are generators
        async for event in events:
            match event:
                case Retrying():
                    emit(retrying(event))
                case Switched():
                    emit(Notice(level="warning", text=event.message))
                case Completed():
                    return event
                case _:
                    pass
    raise ModelError("The model's reply ended without its last event.", "cut")


def retrying(event: Retrying) -> ModelRetrying:
    return ModelRetrying(
        attempt=event.attempt,
        max_retries=event.max_retries,
        delay=event.delay,
        kind=event.kind,
        status=event.status,
        message=event.message,
        asked=event.asked,
    )
