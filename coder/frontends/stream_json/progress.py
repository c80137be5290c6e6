"""Calls that take long: a word about each every half minute, so that a silent stream is not taken for a dead one.
Must not know how lines are written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from coder.core.dataclass import dataclass
from coder.core.messages import Json, ToolUse
from coder.frontends.stream_json import convert

BEAT = 30.0  # seconds


@dataclass(slots=True, eq=False)
class _Running:
    call: ToolUse
    since: float
    next: asyncio.TimerHandle | None = None


class Progress:
    """`write` is given a message now and then, in the running loop, until the call has ended."""

    def __init__(self, write: Callable[[Json], None], beat: float = BEAT) -> None:
        self._write = write
        self._beat = beat
        self._running: dict[str, _Running] = {}

    def started(self, session_id: str, call: ToolUse) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # told to somebody without one, who cannot wait either
            return
        self.finished(call.id)
        running = self._running[call.id] = _Running(call, loop.time())
        self._wind(loop, session_id, running)

    def finished(self, call_id: str) -> None:
        running = self._running.pop(call_id, None)
        if running is not None and running.next is not None:
            running.next.cancel()

    def stop(self) -> None:
        """Nothing runs any more."""
        for name in tuple(self._running):
            self.finished(name)

    def _wind(self, loop: asyncio.AbstractEventLoop, session_id: str, running: _Running) -> None:
        running.next = loop.call_later(self._beat, self._tell, loop, session_id, running)

    def _tell(self, loop: asyncio.AbstractEventLoop, session_id: str, running: _Running) -> None:
        self._write(convert.tool_progress(session_id, running.call, loop.time() - running.since))
        self._wind(loop, session_id, running)
