"""Agents in the background, between the turns of a process that is told many things: ended by an interrupt, and waited
for when nothing more will be said. Must not know what turns are made of.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from coder.app.session import Session

if TYPE_CHECKING:
    from coder.app.subagents.late import LateAgents

_ENDING = 2.0  # seconds that those have to end which an interrupt ends


class Behind:
    def __init__(self) -> None:
        self.are_spared = False  # an interrupt leaves them alone: the host can end each by itself
        self._ending: asyncio.Task[None] | None = None  # held, or it could be lost
        self._until: float | None = None  # when they are waited for no longer

    def interrupted(self, session: Session) -> None:
        """Begins to end them, and waits for nothing: whoever interrupts is answered first."""
        agents = session.agents
        if agents is None or not agents.behind or self.are_spared or self._is_ending:
            return
        self._ending = asyncio.create_task(agents.stop_behind())

    async def ended(self) -> None:
        """Those that an interrupt ends have ended, unless that takes too long."""
        if self._ending is not None and self._is_ending:
            await asyncio.wait({self._ending}, timeout=_ENDING)

    async def wait(self, agents: LateAgents, changed: asyncio.Event) -> None:
        """Until something has changed. They have so long and no longer, all waits together."""
        if self._until is None:
            self._until = monotonic() + (agents.patience or 0.0)
        try:
            async with asyncio.timeout(max(self._until - monotonic(), 0.0)):
                await changed.wait()
        except TimeoutError:
            for each in agents.behind:
                await agents.stop(each)

    @property
    def _is_ending(self) -> bool:
        return self._ending is not None and not self._ending.done()
