"""The raw events of one answer to the model events of a reply, for every transport. Must not know how they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from coder.core.errors import ModelError
from coder.core.messages import Json
from coder.core.model import Accepted, ModelEvent
from coder.models.accumulate import Accumulator

_DRAIN_SECONDS = 0.25


async def replied(answer: AsyncGenerator[Json | Accepted, None]) -> AsyncGenerator[ModelEvent, None]:
    """Raises ModelError."""
    accumulator = Accumulator()
    async with aclosing(answer) as events:
        async for event in events:
            if isinstance(event, Accepted):
                yield event
                continue
            for part in accumulator.feed(event):
                yield part
            if accumulator.is_done:
                await _drain(events)
                break
    yield accumulator.completed()


async def _drain(events: AsyncIterator[object]) -> None:
    """Read what follows the last event, so that the connection can be used again; never wait long for it."""
    with suppress(TimeoutError, ModelError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in events:
                pass
