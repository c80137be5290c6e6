"""One question to a model outside the conversation's own stream of events. Must not know what is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing

from coder.core.errors import ModelError
from coder.core.events import AnyEvent, ModelRetrying, UsageReported
from coder.core.model import Completed, Model, ModelRequest, Retrying


async def ask(model: Model, request: ModelRequest, emit: Callable[[AnyEvent], None]) -> Completed:
    """The whole reply; retries and usage are announced. Raises ModelError."""
    started = time.monotonic()
    async with aclosing(model.stream(request)) as events:  # type: ignore[type-var]  # streams are generators
        async for event in events:
            match event:
                case Retrying():
                    emit(retrying(event))
                case Completed(usage=usage):
                    seconds = time.monotonic() - started
                    emit(UsageReported(model=request.model, usage=usage, api_seconds=seconds, purpose=request.purpose))
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
    )
