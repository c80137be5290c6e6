"""One attempt to be connected, from its begin to whatever ends it. Must not know what is done next.

The connection is a task of its own under the owner's, for one that hangs as it begins or ends must not hang its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from coder.core.visible import visible_line
from coder.mcp.carrier import Carrier, Trouble
from coder.mcp.connection import Connection
from coder.mcp.hosting import Hosting
from coder.mcp.library import is_closed, mcp
from coder.mcp.offers import Heard
from coder.mcp.printed import Printed
from coder.mcp.veil import Veil, one_line

LEAVE = 4.5  # seconds for a connection to leave: two politely, one after SIGTERM, and what is said meanwhile
_KILLED = 1.0
_LAST = 200  # characters


class Attempt:
    """`since` is when it was connected, None: not yet, or never. `lost` has why it ended, for those who wait for an
    answer."""

    def __init__(self, carrier: Carrier, hosting: Hosting, veil: Veil, printed: Printed, mode: str) -> None:
        self.carrier = carrier
        self.connection = Connection(carrier, hosting, veil, mode)
        self.since: float | None = None
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._veil, self._printed = veil, printed
        self._first = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self, name: str, seconds: float, heard: Callable[[Heard], Awaitable[None]]) -> Trouble:
        """Why it ended. `heard` is told what the server offers, within these seconds for the first time."""

        async def told(lists: Heard) -> None:
            if self.since is None:
                self.since = self._loop.time()
            await heard(lists)
            self._first.set()

        self._task = task = asyncio.create_task(self.connection.run(told), name=f"mcp connection {name}")
        task.add_done_callback(lambda _: self._first.set())
        trouble: Trouble | None = None
        try:
            try:
                async with asyncio.timeout(seconds):
                    await self._first.wait()
                await asyncio.wait({task})
            except TimeoutError:
                last = f"; the last it printed: {self._printed.last}" if self._printed.last else ""
                trouble = Trouble(f"was not ready within {seconds:.3g} s{visible_line(last)[:_LAST]}", "final")
            self.is_over = True
            await self._left(task)
            errors = _errors(task)
            trouble = trouble or self.carrier.trouble(errors) or _unexplained(errors, self._veil)
            self.lost.set_result(trouble.what)
        finally:
            self.is_over = True
            if not self.lost.done():
                self.lost.set_result("was disconnected")
            await self._left(task)
        return trouble

    def part(self) -> None:
        """Ends it: politely, if it is connected."""
        self.connection.leave()
        if self.since is None and self._task is not None:
            self._task.cancel()

    async def _left(self, task: asyncio.Task[None]) -> None:
        """Sees the connection out, whatever it does."""
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=LEAVE)
        if not task.done():
            self.carrier.kill()
            task.cancel()
            await asyncio.wait({task}, timeout=_KILLED)


def _errors(task: asyncio.Task[None]) -> list[BaseException]:
    """What it raised, without the groups."""
    if not task.done() or task.cancelled():
        return []
    found: list[BaseException] = []
    waiting = [task.exception()]
    while waiting:
        error = waiting.pop(0)
        if isinstance(error, BaseExceptionGroup):
            waiting.extend(error.exceptions)
        elif error is not None:
            found.append(error)
    return found


def _unexplained(errors: Sequence[BaseException], veil: Veil) -> Trouble:
    for error in errors:
        if is_closed(error):
            return Trouble("closed the connection")
        if isinstance(error, mcp.MCPError):
            return Trouble(f"said no at the start: {one_line(error.error.message, veil)}", "final")
        return Trouble(f"does not follow the protocol ({type(error).__name__}: {one_line(str(error), veil)})", "final")
    return Trouble("closed the connection")
