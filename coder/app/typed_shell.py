"""The commands that a person types for the shell, one after another. Must not know runs, or how a command is run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.messages import Message

if TYPE_CHECKING:
    from coder.app.shell_line import ShellDone, ShellLine


class TypedShell:
    """`line` is what runs one, `tell` adds what it printed to the conversation; `is_alone` says whether no run is under
    way."""

    def __init__(
        self, line: Callable[[], ShellLine], tell: Callable[[Message], None], is_alone: Callable[[], bool]
    ) -> None:
        self._line, self._tell, self._is_alone = line, tell, is_alone
        self._one = asyncio.Lock()
        self._running: asyncio.Task[ShellDone] | None = None

    async def run(self, command: str, on_output: Callable[[str], None]) -> ShellDone:
        """Cancel to kill it; it is added all the same then. Raises SessionError when it cannot be started."""
        async with self._one:
            line, is_alone = self._line(), self._is_alone()
            running = asyncio.create_task(line.run(command, on_output, self._told, is_alone=is_alone))
            self._running = running
            try:
                await asyncio.wait({running})
                return running.result()
            finally:
                await self.end()

    async def quiet(self) -> None:
        """Waits for the command that runs."""
        async with self._one:
            pass

    async def end(self) -> None:
        """Ends it. Idempotent."""
        running, self._running = self._running, None
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait({running})

    def _told(self, done: ShellDone) -> None:
        self._tell(done.message)
