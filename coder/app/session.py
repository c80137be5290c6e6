"""The session a front end holds: one conversation, idle or running. Knows neither who holds it nor how it was built."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.agent.loop import Agent
from coder.core.errors import ProtocolError
from coder.core.events import RunEnded
from coder.core.messages import Json, Message, Meta, Text, Usage
from coder.core.tools import Mode

if TYPE_CHECKING:
    from coder.app.checkpointing import Checkpointing
    from coder.core.trust import Trust


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What front ends tell about a session: contracts §3.3."""

    session_id: str
    cwd: Path
    tools: tuple[str, ...]
    model: str
    mode: Mode
    key_source: str
    transcript: Path | None
    trust: Trust | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Totals of the process. `cost` is in dollars, None when a price is unknown."""

    cost: float | None
    model_usage: Json
    api_seconds: float
    usage: Usage


class Session:
    """`Idle | Running`: prompting while it runs is an error, steering queues, interrupting while idle does nothing."""

    def __init__(
        self,
        facts: SessionFacts,
        agent: Agent,
        control: Control,
        spent: Callable[[], Spent],
        close: Callable[[], Awaitable[None]],
        warnings: tuple[str, ...] = (),
        checkpoints: Checkpointing | None = None,
    ) -> None:
        self.facts = facts
        self.control = control
        self.warnings = warnings
        self.checkpoints = checkpoints
        self._agent = agent
        self._spent = spent
        self._close = close
        self._running: asyncio.Task[RunEnded] | None = None

    @property
    def spent(self) -> Spent:
        return self._spent()

    async def prompt(self, text: str, *, time_budget: float | None = None) -> RunEnded:
        """Runs to the final answer. An interrupt, or `time_budget` seconds gone, is an end like any other.

        Raises ProtocolError while a run is under way; CancelledError when the caller itself is cancelled.
        """
        if self._running is not None:
            raise ProtocolError("a run is under way: steer it or interrupt it first")
        message = Message("user", (Text(text),), Meta(kind="prompt"))
        self._running = asyncio.create_task(self._agent.run(message))
        try:
            done, _ = await asyncio.wait({self._running}, timeout=time_budget)
            if not done:
                self._running.cancel()
                await asyncio.wait({self._running})
                return self._agent.ended_early("time_budget", f"The time budget of {time_budget:g}s is used up")
            if self._running.cancelled():
                return self._agent.ended_early("interrupted", "Interrupted")
            return self._running.result()
        finally:
            if not self._running.done():
                self._running.cancel()
                await asyncio.wait({self._running})
            self._running = None

    def steer(self, text: str) -> None:
        """Says something to the run under way; it is read at the next turn boundary."""
        self._agent.steer(Message("user", (Text(text),), Meta(kind="steer")))

    def interrupt(self) -> None:
        """Ends the run under way; `prompt` returns. Does nothing while idle."""
        if self._running is not None:
            self._running.cancel()

    async def aclose(self) -> None:
        """Ends processes and connections, and stores what is left. Idempotent."""
        self.interrupt()
        await self._close()
