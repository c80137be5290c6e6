"""What a person may want to know of a session in numbers, besides its cost. Must not know who asks."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from coder.core.events import AnyEvent, ToolFinished
from coder.core.messages import Json
from coder.core.requests import Reply, Request


class Figures:
    """A listener. `waited` is how many seconds questions to the person took; the rest counts the lines that calls of
    this process added and removed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.waited = 0.0
        self.added = 0
        self.removed = 0

    @property
    def lines(self) -> tuple[int, int]:
        """How many were added and removed."""
        return self.added, self.removed

    def timed(self, ask: Callable[[Request], Awaitable[Reply]]) -> Callable[[Request], Awaitable[Reply]]:
        """The same, with the time that it takes counted."""

        async def timed(request: Request) -> Reply:
            started = self._clock()
            try:
                return await ask(request)
            finally:
                self.waited += self._clock() - started

        return timed

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, ToolFinished) and event.data is not None:
            added, removed = _lines(event.data)
            self.added += added
            self.removed += removed


def _lines(data: Json) -> tuple[int, int]:
    lines = [str(line) for hunk in data.get("structuredPatch") or () for line in hunk.get("lines", ())]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
