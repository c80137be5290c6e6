"""The servers of a session as its front end needs them, whether it has any or not. Must not know how they are reached.

`Reach` is the same for whoever wants to know more of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coder.app.reach.rows import ServerRow
    from coder.app.reach.session import Reach


class Servers:
    """`ready` does what is left to do before a run: with their tools in the requests, they can be told of."""

    def __init__(self, reach: Callable[[], Reach | None], ready: Callable[[], Awaitable[None]]) -> None:
        self._of = reach  # some may come later
        self._ready = ready
        self._requiring: asyncio.Task[tuple[str, ...]] | None = None

    @property
    def _reach(self) -> Reach | None:
        return self._of()

    @property
    def rows(self) -> tuple[ServerRow, ...]:
        """How they are doing, also those that are not used."""
        return self._reach.rows() if self._reach is not None else ()

    @property
    def skipped(self) -> tuple[tuple[str, str, str], ...]:
        """Entries that name no server that could be used: name, what kind of mistake, and the word for people."""
        return self._reach.skipped if self._reach is not None else ()

    def begin_soon(self) -> None:
        """They connect while the person thinks; else they do so with the first request."""
        if self._reach is not None:
            self._reach.begin_soon()

    def begin(self) -> None:
        """Somebody wants to know how they are doing: they connect, if they have not."""
        if self._reach is not None:
            self._reach.begin()

    async def required(self) -> tuple[str, ...] | None:
        """Waits for those without which nothing is to be begun. Returns what is to be said of those that are not there;
        None when it was interrupted. `told` is to follow: nothing is said of servers until then."""
        if self._reach is None:
            return ()
        self._requiring = asyncio.create_task(self._there(self._reach))
        try:
            await asyncio.wait({self._requiring})
            return None if self._requiring.cancelled() else self._requiring.result()
        finally:
            self._requiring.cancel()
            self._requiring = None

    async def _there(self, reach: Reach) -> tuple[str, ...]:
        missing = await reach.required()
        if not missing and reach.has_hosted:
            await self._ready()
        return missing

    def told(self) -> None:
        if self._reach is not None:
            self._reach.release()

    def interrupt(self) -> None:
        """Nobody waits for them any more."""
        if self._requiring is not None:
            self._requiring.cancel()

    def on_change(self, changed: Callable[[], None]) -> None:
        """`changed` is called when what they offer may be something else."""
        if self._reach is not None:
            self._reach.on_change = changed

    def may_prompt(self, name: str) -> bool:
        """Whether a name that is among no commands may be one all the same: a prompt of a server that is not connected
        yet. Who is prompted with it says so where it is none."""
        return self._reach is not None and self._reach.offering.may_be(name)

    def mentionable(self) -> tuple[tuple[str, str], ...]:
        """What of theirs can be named behind an `@`, with a word about each."""
        return self._reach.offering.mentionable() if self._reach is not None else ()
