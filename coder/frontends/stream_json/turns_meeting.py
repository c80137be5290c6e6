"""The servers that are waited for before a turn of a process that is told many things. Must not know what turns are
made of, or which servers there are.
"""

from __future__ import annotations

from coder.app.session import Session
from coder.core.events import RunEnded

INTERRUPTED = RunEnded(reason="interrupted", turns=0, error="Interrupted")


class Meeting:
    def __init__(self) -> None:
        self._met = ""  # the session whose servers were waited for
        self._is_met = False

    def anew(self) -> None:
        """Others are there now: those in the host are waited for again."""
        self._is_met = False

    def another(self) -> None:
        """The session was made anew, and so were its servers."""
        self._met = ""

    async def unmet(self, session: Session) -> RunEnded | None:
        """The end of a turn that is not to begin, because a server is not there that must be when a session begins."""
        is_first = self._met != session.facts.session_id
        if self._is_met and not is_first:
            return None
        self._is_met = True
        missing = await session.servers.required()
        if missing is None:
            self._is_met = False
            return INTERRUPTED
        if missing and is_first:
            return RunEnded(reason="server_missing", turns=0, error=" ".join(missing))
        self._met = session.facts.session_id
        return None
