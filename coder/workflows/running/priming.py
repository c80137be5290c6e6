"""Lets one of several alike go first, so that the others find its prompt in the cache. Must not know agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress

PATIENCE = 5.0  # seconds


class Primer:
    """For those who are asked side by side."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._begun: dict[Hashable, asyncio.Event] = {}

    async def turn(self, kin: Hashable) -> Callable[[], None]:
        """Returns when it is one's turn: at once for the first of its kin; for the others when the first has called
        what it was given here, or has had its time."""
        first = self._begun.get(kin)
        if first is None:
            self._begun[kin] = begun = asyncio.Event()
            return begun.set
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await first.wait()
        first.set()
        return first.set
