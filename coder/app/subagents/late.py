"""The subagents of a session as the rest of it sees them: nothing is loaded before the first is asked for, or one of an
earlier process is there. Must not know how agents are run.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Verdict
from coder.agent.ports import Checkpoints, Watched
from coder.core.agents import AgentRow, Brief, Group, Merged, Report
from coder.core.errors import SessionError
from coder.core.events import AnyEvent
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message
from coder.tools.agent import Launched

if TYPE_CHECKING:
    from coder.app.subagents import mentioned
    from coder.app.subagents.pool import Pool
    from coder.permissions.gitdrops import Drop
else:  # for people in front
    mentioned = LazyModule("coder.app.subagents.mentioned")

CEILING = "CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS"
_PATIENCE = 600.0
_FOR_EVER = 10.0 * 365 * 24 * 3600


def _unprimed() -> None:
    pass


class LateAgents:
    """Implements `coder.core.agents.Agents` and what the tools need, a `TurnPolicy`, an `EndPolicy` and a listener.
    `folder` holds what earlier agents left, None where there can be none; `env` says how long a run waits for them;
    `described` tells which kinds can be asked, with a word about each."""

    def __init__(
        self,
        make: Callable[[], Pool],
        folder: Path | None,
        env: Mapping[str, str] = os.environ,
        described: Callable[[], Sequence[tuple[str, str]]] = tuple,
    ) -> None:
        self._env = env
        self._described = described
        self._make = make
        self._folder = folder
        self._pool: Pool | None = None
        self._patience: float | None = None
        self.heard: Callable[[], None] = _unprimed  # called when one in the background has ended
        self.interrupt: Callable[[], None] = _unprimed  # of the run that waits for them

    @property
    def pool(self) -> Pool:
        if self._pool is None:
            self._pool = self._make()
            self._pool.notices.patience = self._patience
            self._pool.notices.heard = lambda: self.heard()
        return self._pool

    def _known(self) -> Pool | None:
        """The agents there are: of this process, or of an earlier one."""
        if self._pool is None and self._folder is not None and self._folder.is_dir():
            return self.pool
        return self._pool

    def mentionable(self) -> tuple[tuple[str, str], ...]:
        """How each kind is named behind an `@`, with a word about it."""
        return tuple(mentioned.offered(self._described()))

    def waits(self) -> None:
        """From now on a run ends only when the agents in the background have, or when it has waited as long as it may:
        for a run with nobody in front, who could say more once they have reported."""
        self._patience = _seconds(self._env.get(CEILING, ""))
        if self._pool is not None:
            self._pool.notices.patience = self._patience

    @property
    def patience(self) -> float | None:
        """How many seconds are spent on waiting for those in the background; None while nobody waits."""
        return self._patience

    @property
    def behind(self) -> frozenset[str]:
        """The ids of those that work in the background: each is news when it has ended."""
        return frozenset(self._pool.behind) if self._pool is not None else frozenset()

    @property
    def has_news(self) -> bool:
        """Whether an agent in the background has reported something that the conversation does not know."""
        return self._pool is not None and self._pool.notices.are_due

    def news(self) -> Message | None:
        """All of that, as a message; it counts as told then."""
        return self._pool.notices.take() if self._pool is not None else None

    async def run(self, brief: Brief, primed: Callable[[], None] = _unprimed) -> Report:
        return await self.pool.run(brief, primed)

    def start(self, brief: Brief) -> str:
        return self.pool.start(brief)

    def group(self, most: int, usd: float | None = None) -> Group:
        return self.pool.group(most, usd)

    async def merge(self, branch: str, title: str) -> Merged:
        return await self.pool.merge(branch, title)

    def rows(self) -> tuple[AgentRow, ...]:
        pool = self._known()
        return pool.rows() if pool is not None else ()

    async def spent(self, keys: Collection[str]) -> float | None:
        """What agents with these keys cost so far, also in earlier processes; None: not known."""
        pool = self._known()
        return await pool.spent(keys) if pool is not None else 0.0

    def steer(self, id: str, text: str) -> None:
        if self._pool is None:
            raise SessionError(f"Agent {id} does not run: no agent was asked in this session.")
        self._pool.steer(id, text)

    async def stop(self, id: str) -> None:
        if self._pool is None:
            raise SessionError(f"There is no agent {id} in this session.")
        await self._pool.stop(id)

    async def stop_behind(self) -> None:
        """Ends all that work in the background; that is told with the next prompt."""
        if self._pool is not None:
            await self._pool.stop_behind()

    async def delegate(self, brief: Brief) -> Report | Launched:
        return await self.pool.delegate(brief)

    async def send(self, to: str, message: str, call: str) -> Report | str:
        return await self.pool.send(to, message, call)

    def holds(self, id: str) -> bool:
        return self._pool is not None and self._pool.holds(id)

    async def wait_for(self, id: str, seconds: float) -> tuple[str, str, Json]:
        return await self.pool.wait_for(id, seconds)

    def before_turn(self, turn: int, history: History) -> Verdict:
        pool = self._known() if turn == 1 else self._pool
        return pool.before_turn(turn, history) if pool is not None else None

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self._pool.before_end(text, history) if self._pool is not None else None

    def on(self, event: AnyEvent) -> None:
        if self._pool is not None:
            self._pool.on(event)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    def beside(self, checkpoints: Checkpoints) -> Checkpoints:
        """The session's own checkpoints, which agents share once there are any."""
        return _Shared(checkpoints, self)

    def checkpoints(self, own: Checkpoints) -> Checkpoints:
        return self._pool.footing.pen.main if self._pool is not None else own


def _seconds(text: str) -> float:
    given = text.strip()
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        return _PATIENCE
    return int(given) / 1000 or _FOR_EVER


class _Shared:
    """Implements `coder.agent.ports.Checkpoints`."""

    def __init__(self, own: Checkpoints, agents: LateAgents) -> None:
        self._own = own
        self._agents = agents

    async def before_asking(self, drop: Drop) -> str:
        return await self._agents.checkpoints(self._own).before_asking(drop)

    def around(self, call: Watched) -> AbstractAsyncContextManager[None]:
        return self._around(call)

    @asynccontextmanager
    async def _around(self, call: Watched) -> AsyncIterator[None]:
        async with self._agents.checkpoints(self._own).around(call):
            yield
