"""The session that a host talks to: opened when it is needed, and another one after `/clear`. Must not know the wire,
or how a session is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TypeAlias

from coder.app.session import Session
from coder.app.starting import Start
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.tools import Mode
from coder.frontends import reopening
from coder.frontends.crash import report


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """`start` None is the session that the command line means; `mode` and `model` likewise. `plugins` are further ones,
    and whether the servers of each are wanted."""

    start: Start | None = None
    mode: Mode | None = None
    model: str | None = None
    plugins: Mapping[str, bool] = field(default_factory=dict)


Open: TypeAlias = Callable[[Wanted], Awaitable[Session]]
"""Raises CoderError."""


class Seat:
    def __init__(self, open: Open) -> None:
        self._open = open
        self._opening: asyncio.Task[Session] | None = None
        self._session: Session | None = None
        self._problem: CoderError | None = None
        self._plugins: dict[str, bool] = {}
        self._stays = asyncio.Event()  # no other is on its way into the place of the one that is open
        self._stays.set()
        self.is_closed = False

    @property
    def session(self) -> Session | None:
        """The one that is open; None before it is."""
        return self._session

    async def opened(self) -> Session:
        """Opens it at the first call. Raises CoderError, the same each time, when that cannot be done."""
        if self._session is not None:
            return self._session
        if self._problem is not None:
            raise self._problem
        if self._opening is None:
            self._opening = asyncio.create_task(self._begin())
        return await asyncio.shield(self._opening)

    async def settled(self) -> Session:
        """As `opened`; while another one takes its place, that one: what is closed would forget what it is told."""
        await self._stays.wait()
        return await self.opened()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._stays.clear()
        try:
            yield
        finally:
            self._stays.set()

    async def clear(self, name: str) -> Session:
        """A new conversation in the place of the one that is open, which is kept, under the same settings. Raises
        CoderError; then the old one is still open."""
        old = await self.opened()
        start = Start(name=name or None, clears=True)
        back = reopening.again(old)
        reopening.leaves(old, start)
        with self._changing():
            await old.aclose()
            try:
                await self._follow(old, start)
            except Exception:  # whatever it is: what is closed can be talked to no more
                await self._go_back(old, back)
                raise
        return await self.opened()

    async def reload(self, added: Mapping[str, bool]) -> Session:
        """The conversation that is open, made anew with what is on disk by now and with these plugins too. To be called
        between turns. Raises CoderError; then it goes on without them."""
        old, before = await self.opened(), self._plugins
        made = old.inquiries.before
        back = replace(reopening.again(old, keeps_model=False, edited="plugins were read again"), before=made)
        reopening.leaves(old, None)
        with self._changing():
            await old.aclose()
            self._plugins = {**before, **added}
            try:
                await self._follow(old, back, made.model)
            except Exception:  # as in `clear`
                self._plugins = before
                await self._go_back(old, back)
                raise
        return await self.opened()

    async def aclose(self) -> None:
        """Idempotent."""
        self.is_closed = True
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.wait({self._opening})
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    async def _go_back(self, old: Session, back: Start) -> None:
        """Into the conversation that was open. Raises CoderError; then there is none any more."""
        self._session = None
        try:
            await self._follow(old, back)
        except Exception as error:
            self._problem = error if isinstance(error, CoderError) else CoderError(report(error))
            raise

    async def _follow(self, old: Session, start: Start, first: str = "") -> None:
        """What the host wanted of the old one counts for the new one, also what it said while that was made. `first` is
        the model that it would go back to, where that is not the one of the moment."""
        mode, model = old.control.mode, first or old.control.model
        new = await self._open(Wanted(start, mode, model, self._plugins))
        if old.control.mode != mode:
            new.tuning.set_mode(old.control.mode)
        if old.control.model != model:
            new.tuning.set_model(old.control.model)
        for what, value in old.tuning.tuned.items():
            new.tuning.tune(what, value)
        new.tuning.allow_as(old.tuning)
        self._session = new

    async def _begin(self) -> Session:
        try:
            self._session = await self._open(Wanted())
        except CoderError as error:
            self._problem = error
            raise
        return self._session
