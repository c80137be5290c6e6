"""How many agents work at the same time. Must not know what they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """Whoever waits gets the next one that is free, in order."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def taken(self, lent: asyncio.Lock | None = None) -> AsyncIterator[None]:
        """A place inside the block. `lent` is that of an agent that waits for this one: where none is free it gives its
        own, to one after the other, so that agents which ask agents never wait for each other."""
        if lent is not None and self._free.locked():
            async with lent:
                yield
        else:
            async with self._free:
                yield
