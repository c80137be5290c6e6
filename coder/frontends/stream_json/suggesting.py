"""The next prompt, suggested to a host behind a turn: at most one a turn, and none once something else has begun. Must
not know how one is found, or what turns are made of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.events import RunEnded

_PATIENCE = 3.0  # seconds that one has when nothing more will be said: whoever ends the input gives five to all
_log = logging.getLogger(__name__)


class Suggesting:
    """`tell` is given each. None before `is_on`: they cost requests, so that a host has to want them; none at first, as
    one prompt tells too little of what the next may be."""

    def __init__(self, tell: Callable[[str], None], *, may: bool = True) -> None:
        self._tell = tell
        self._may = may
        self.is_on = False
        self._is_paused = False
        self._asking: asyncio.Task[None] | None = None  # held, or it could be lost

    def turn_ended(self, session: Session, ended: RunEnded) -> None:
        if not (self.is_on and self._may) or self._is_paused or ended.reason != "done" or not ended.turns:
            return
        prompts = sum(message.meta.kind == "prompt" for message in session.messages)
        if prompts > 1 and session.control.mode != "plan":
            self.drop()
            self._asking = asyncio.create_task(self._ask(session))

    def drop(self) -> None:
        """It is too late for the one that is being looked for."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()

    def pause(self, *, is_paused: bool) -> None:
        self._is_paused = is_paused
        if is_paused:
            self.drop()

    async def settled(self) -> None:
        """The one that is being looked for was told, where that does not take too long."""
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=_PATIENCE)
        self.drop()

    async def _ask(self, session: Session) -> None:
        try:
            if text := await session.inquiries.suggestion():
                self._tell(text)
        except CoderError as error:
            _log.info("no suggestion: %s", error)
        except Exception:  # noqa: BLE001  # nobody waits for it
            _log.exception("no suggestion")
