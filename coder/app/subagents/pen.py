"""Who may change files of one work tree: one agent at a time, from its first change to its end. Knows agents by their
ids; must not know what they are, or what a checkpoint is.

The holders are always a line of ancestors and descendants: whoever waits for a child can never be what the child waits
for, and the deepest of them waits for nobody here. So nothing stands still for ever, in whatever order they begin,
end or are cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.agent.ports import Checkpoints, Watched
from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.permissions.gitdrops import Drop

MAIN = "main"
Waits: TypeAlias = Callable[[str | None], None]
"""Told whom an agent waits for, each time that is another one, and None when it waits no longer."""


def _nobody(holder: str | None) -> None:
    pass


class Pen:
    """`checkpoints` are those of the work tree. They note one call at a time, so the calls of all agents come one after
    the other, those of the main agent included, which needs no pen."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._line: dict[str, frozenset[str]] = {}  # who holds it: an id, and its ancestors
        self._waiting: list[_Waiter] = []
        self._turn = asyncio.Lock()
        self._at_work = ""

    @property
    def main(self) -> Checkpoints:
        """The checkpoints for the main agent."""
        return _Turns(self)

    @property
    def holders(self) -> tuple[str, ...]:
        return tuple(self._line)

    def around(
        self, id: str, ancestors: Collection[str] = (), on_wait: Waits = _nobody, apart: Path | None = None
    ) -> Checkpoints:
        """The checkpoints for an agent. `ancestors` are the ids of those that asked for it, in any order. `apart` is
        its own work tree: what stays below it needs no pen, and is not kept, since it becomes a branch. Others that
        share that one with it have a `Pen` of their own, over these checkpoints."""
        return _Held(self, _Who(id, frozenset(ancestors) - {MAIN, id}, on_wait), apart)

    def release(self, id: str) -> None:
        """The agent has ended. Idempotent; also for one that never held it."""
        if self._line.pop(id, None) is None:
            return
        for waiter in list(self._waiting):
            if self._may(waiter.who):
                self._give(waiter.who)
                self._waiting.remove(waiter)
                waiter.turn.set()
        for waiter in self._waiting:
            waiter.tell(self._in_the_way(waiter.who))

    async def _take(self, who: _Who) -> None:
        if self._may(who):
            self._give(who)
            return
        waiter = _Waiter(who)
        self._waiting.append(waiter)
        waiter.tell(self._in_the_way(who))
        try:
            await waiter.turn.wait()
        finally:
            with suppress(ValueError):
                self._waiting.remove(waiter)
            waiter.tell(None)

    def _give(self, who: _Who) -> None:
        self._line[who.id] = who.ancestors

    def _may(self, who: _Who) -> bool:
        return not self._in_the_way(who)

    def _in_the_way(self, who: _Who) -> str:
        """A holder that is neither of its line; "" when there is none."""
        return next((id for id, above in self._line.items() if not who.is_of_line(id, above)), "")

    @asynccontextmanager
    async def _in_turn(self, who: _Who) -> AsyncIterator[None]:
        if self._turn.locked():
            who.on_wait(self._at_work)
            try:
                await self._turn.acquire()
            finally:
                who.on_wait(None)
        else:
            await self._turn.acquire()
        self._at_work = who.id
        try:
            yield
        finally:
            self._turn.release()

    @asynccontextmanager
    async def _noted(self, who: _Who, call: Watched) -> AsyncIterator[None]:
        async with self._in_turn(who), self._checkpoints.around(call):
            yield

    async def _before_asking(self, who: _Who, drop: Drop) -> str:
        async with self._in_turn(who):
            return await self._checkpoints.before_asking(drop)


@dataclass(frozen=True, slots=True, eq=False)
class _Who:
    id: str
    ancestors: frozenset[str]
    on_wait: Waits = _nobody

    def is_of_line(self, id: str, above: Collection[str]) -> bool:
        return id == self.id or id in self.ancestors or self.id in above


@dataclass(slots=True, eq=False)
class _Waiter:
    who: _Who
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    told: str | None = None

    def tell(self, holder: str | None) -> None:
        if holder != self.told:
            self.told = holder
            self.who.on_wait(holder)


class _Turns:
    """The main agent's: in turn, without a pen."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen
        self._who = _Who(MAIN, frozenset())

    async def before_asking(self, drop: Drop) -> str:
        return await self._pen._before_asking(self._who, drop)

    def around(self, call: Watched) -> AbstractAsyncContextManager[None]:
        return self._pen._noted(self._who, call)


class _Held:
    """An agent's."""

    def __init__(self, pen: Pen, who: _Who, apart: Path | None) -> None:
        self._pen = pen
        self._who = who
        self._apart = apart

    async def before_asking(self, drop: Drop) -> str:
        return await self._pen._before_asking(self._who, drop)

    @asynccontextmanager
    async def around(self, call: Watched) -> AsyncIterator[None]:
        if self._apart is not None and _stays_below(call, self._apart):
            yield
            return
        await self._pen._take(self._who)
        async with self._pen._noted(self._who, call):
            yield


def _stays_below(call: Watched, folder: Path) -> bool:
    """As far as can be told: a command says only a part of what it changes."""
    named = [each.path for each in call.effects if each.path is not None and each.kind in ("writes", "deletes")]
    return all(path.is_relative_to(folder) for path in (*call.writes, *named))
