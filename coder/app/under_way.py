"""What a session is doing: nothing, or one run or compaction. Must not know what that is about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coder.core.errors import ProtocolError
from coder.core.events import CompactionEnded, RunEnded


class UnderWay:
    def __init__(self) -> None:
        self._running: asyncio.Task[RunEnded] | asyncio.Task[CompactionEnded] | None = None

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def expect_idle(self, otherwise: str) -> None:
        """Raises ProtocolError that says what to do instead while something is under way."""
        if self._running is not None:
            raise ProtocolError(f"a run is under way: {otherwise}")

    @asynccontextmanager
    async def until_done(self, running: asyncio.Task[RunEnded] | asyncio.Task[CompactionEnded]) -> AsyncIterator[None]:
        """The task is what is under way inside the block, and has ended when the block is left."""
        self._running = running
        try:
            yield
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
            self._running = None

    def interrupt(self) -> None:
        if self._running is not None:
            self._running.cancel()
