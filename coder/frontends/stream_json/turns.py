"""The turns of a process that is told many things: one after another, what comes meanwhile read along or queued, one
result for each. Must not know frames, or how a session is opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from uuid import uuid4

from coder.app.session import Session
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.events import RunEnded
from coder.core.messages import Json
from coder.frontends.crash import report
from coder.frontends.going_on import without_advice
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Seat
from coder.frontends.stream_json.suggesting import Suggesting
from coder.frontends.stream_json.turns_behind import Behind
from coder.frontends.stream_json.turns_between import Between
from coder.frontends.stream_json.turns_meeting import INTERRUPTED, Meeting
from coder.frontends.stream_json.turns_running import Command, Running, given_of
from coder.frontends.stream_json.turns_said import Said

_log = logging.getLogger(__name__)

_BY_TASKS: Json = {"kind": "task-notification"}


@dataclass(frozen=True, slots=True)
class _Next:
    """What the next turn begins with; without words of the host, what ended in the background."""

    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The ids of what waits after an interrupt, and of what never will be said."""

    still_queued: tuple[str, ...]
    cancelled: tuple[str, ...]


class Turns:
    """`command` None: a slash is a letter like any other. `time_budget` is for each message. `suggests`: a host may
    have the next prompt suggested."""

    def __init__(
        self,
        seat: Seat,
        out: HostOut,
        command: Command | None,
        time_budget: float | None = None,
        *,
        suggests: bool = True,
    ) -> None:
        self._seat = seat
        self._out = out
        self._running = Running(command, time_budget)
        self._waiting: deque[Said] = deque()
        self._changed = asyncio.Event()
        self.between = Between(self._changed)
        self._has_ended = False  # nothing more will be said
        self._is_stopped = self._has_failed = False
        self.over = asyncio.Event()  # nothing more will be said, or begun
        self.behind = Behind()
        self.suggesting = Suggesting(out.suggests, may=suggests)
        self._is_cut = False  # what has begun was interrupted before there was a session
        self._under: _Next | None = None  # what has begun, and has no result yet
        self.meeting = Meeting()
        self.last: RunEnded | None = None

    def take(self, said: Said) -> None:
        session = self._seat.session
        is_plain = not (said.is_command or said.is_synthetic or said.is_verbatim or said.is_empty or said.problem)
        can_read = said.queries and is_plain
        if session is not None and self._running.is_prompt and can_read and not self._waiting:
            said = _fresh(said, session, self._out.unread)
            self._out.steers(said)
            session.steering.steer_with(given_of(said))
        else:
            self._waiting.append(said)
        self._changed.set()

    def end(self) -> None:
        """Nothing more will be said: what is queued is done, and then `work` returns."""
        self._has_ended = True
        self.over.set()
        self._seat_waits()
        self._changed.set()

    def is_another(self) -> None:
        """The session that is open is made anew: what it waits for before a turn is to be waited for again, and nothing
        is asked of the old one any more."""
        self.suggesting.drop()
        self.meeting.another()

    def stop(self) -> None:
        """What runs is interrupted, and nothing is begun any more."""
        self._is_stopped = True
        self.over.set()
        self.suggesting.drop()
        self._waiting.clear()
        if self._seat.session is not None:
            self._seat.session.interrupt()
        self._changed.set()

    def interrupt(self, *, cancels_queued: bool) -> Receipt:
        """Ends what runs; does nothing while idle. What is queued goes on after it, unless it is to be dropped: there
        is no result for that."""
        self.suggesting.drop()
        session = self._seat.session
        unread = self._out.unread
        cancelled: tuple[str, ...] = ()
        if cancels_queued:
            left = session.steering.undelivered() if session is not None else ()
            cancelled = (*left, *(said.uuid for said in self._waiting))
            self._out.forget(left)
            self._waiting.clear()
            unread = ()
        if session is not None:
            session.interrupt()
            self.behind.interrupted(session)
        self._is_cut = session is None and self._under is not None
        return Receipt((*unread, *(said.uuid for said in self._waiting)), cancelled)

    def cancel(self, uuid: str) -> bool:
        """Takes back what was said and has not begun: there is no result for that. False where it has, or never was."""
        for said in self._waiting:
            if said.uuid == uuid:
                self._waiting.remove(said)
                return True
        session = self._seat.session
        if session is None or not session.steering.withdraw(uuid):
            return False
        self._out.forget([uuid])
        return True

    @property
    def busy(self) -> str:
        """What is under way, or is about to begin; "" while nothing is."""
        session = self._seat.session
        if self._under is not None or self._waiting or (session is not None and self._has_news(session)):
            return "a turn is running, or is about to"
        if session is not None and session.agents is not None and session.agents.behind:
            return "an agent works in the background"
        return ""

    def fail(self, error: CoderError) -> None:
        """Nothing more can be said to the session. Tells so once, whoever found it out."""
        if not self._has_failed:
            self._has_failed = True
            self.last = RunEnded(reason="not_begun", turns=0, error=str(error))
            self._out.failed(str(error))
        self.stop()

    def abandon(self) -> None:
        """The process ends at once: what is under way has its result, and no more is heard of it."""
        under, self._under = self._under, None
        if under is None:
            return
        if (session := self._seat.session) is None:
            self._out.failed(INTERRUPTED.error)
        else:
            self._tell(INTERRUPTED, session, under.said)

    async def work(self) -> None:
        """Until nothing more will be said, and all that was is done."""
        try:
            await self._work()
        finally:
            self.between.end()

    async def _work(self) -> None:
        while (next_one := await self._next()) is not None:
            self._under, self._is_cut = next_one, False
            self.suggesting.drop()
            try:
                session = await self._seat.opened()
            except CoderError as error:
                self.fail(error)
                return
            said = _fresh(next_one.said, session) if next_one.said is not None else None
            if said is None or said.queries or said.problem:
                await self._turn(session, said)
            else:
                session.note(given_of(said))
                self._out.said(said)
                self._under = None

    async def _next(self) -> _Next | None:
        while not (self._is_stopped or self._out.is_broken):
            if self.between:
                await self.between.do_next()
                continue
            if self._waiting:
                return _Next(self._waiting.popleft())
            session = self._seat.session
            agents = session.agents if session is not None else None
            if session is not None and self._has_news(session):
                return _Next()
            if self._has_ended and (agents is None or not agents.behind):
                return None
            if agents is not None:
                agents.heard = self._changed.set
            self._changed.clear()
            if self._has_ended and agents is not None:
                self._seat_waits()
                await self.behind.wait(agents, self._changed)
            else:
                await self._changed.wait()
        return None

    def _has_news(self, session: Session) -> bool:
        """Agents are waited for at the end, commands are not: they begin no turn behind it."""
        if self._has_ended:
            return session.agents is not None and session.agents.has_news
        return session.has_news

    def _seat_waits(self) -> None:
        if self._seat.session is not None:
            self._seat.session.wait_for_agents()

    async def _turn(self, session: Session, said: Said | None) -> None:
        """`said` None: what ended in the background begins it."""
        session.tasks.follow(self._changed.set)
        try:
            if self._has_ended:
                session.wait_for_agents()
            await self.behind.ended()
            unmet = INTERRUPTED if self._is_stopped or self._is_cut else await self.meeting.unmet(session)
            self._out.turn_begins(session)
            session.servers.told()
            if said is not None:
                self._out.said(said)
            ended = unmet or await self._running.run(session, said)
        except CoderError as error:  # such as a command whose text cannot be made
            ended = RunEnded(reason="not_begun", turns=0, error=str(error))
        except Exception as error:  # noqa: BLE001  # a bug of ours must still leave one result, and no traceback
            _log.exception("the turn failed")
            ended = RunEnded(reason="crashed", turns=0, error=report(error))
        await self.behind.ended()  # of those too it is told before the result
        self._tell(ended, self._seat.session or session, said)  # a command may have begun another

    def _tell(self, ended: RunEnded, session: Session, said: Said | None) -> None:
        """The result of the turn, and of what was read along with it."""
        self._under = None
        ended = replace(ended, error=without_advice(ended.error))  # a host goes on with a message
        read, unread = self._out.left(session.steering.undelivered())
        self._out.turn_ended(ended, session, said, None if said is not None else _BY_TASKS)
        for each in read:
            self._out.turn_shared(ended, session, each)
        self._out.state("idle")
        if not self._is_stopped:
            self._waiting.extendleft(reversed(unread))
            if not self._waiting:
                self.suggesting.turn_ended(session, ended)
        self.last = ended


def _fresh(said: Said, session: Session, unread: Collection[str] = ()) -> Said:
    """The same under another id, where the conversation has one of that id already, or is to read one."""
    return replace(said, uuid=str(uuid4())) if said.uuid in unread or session.knows(said.uuid) else said
