"""The agents of a session as one of them may ask for more: in its own name. Must not know how agents are run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coder.app.subagents.record import Record
from coder.core.agents import Brief, Report
from coder.core.messages import Json
from coder.tools.agent import Launched

if TYPE_CHECKING:
    from coder.app.subagents.pool import Pool


class Bound:
    """Implements what tools need (`coder.tools.registry.Helpers`)."""

    def __init__(self, pool: Pool, record: Record) -> None:
        self._pool = pool
        self._record = record

    async def delegate(self, brief: Brief) -> Report | Launched:
        return await self._pool.delegate(replace(brief, parent=self._record.id))

    async def send(self, to: str, message: str, call: str) -> Report | str:
        return await self._pool.send(to, message, call, self._record.id)

    def holds(self, id: str) -> bool:
        return self._pool.holds(id, self._record.id)

    async def wait_for(self, id: str, seconds: float) -> tuple[str, str, Json]:
        return await self._pool.wait_for(id, seconds)

    async def stop(self, id: str) -> None:
        await self._pool.stop(id)
