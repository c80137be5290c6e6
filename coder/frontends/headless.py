"""Drives one run with nobody in front: signals in, exit code out. Knows sessions, not formats."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, Protocol

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.events import Notice, RunEnded
from coder.core.frontend import Frontend
from coder.core.lazy import LazyModule
from coder.frontends.commands import is_command, run_command
from coder.frontends.crash import report
from coder.frontends.exit_codes import exit_code
from coder.frontends.signals import Signals

if TYPE_CHECKING:
    from coder.frontends import going_on
    from coder.workspace import descendants
else:  # for what does not end, or not as it should
    going_on = LazyModule("coder.frontends.going_on")
    descendants = LazyModule("coder.workspace.descendants")

_log = logging.getLogger(__name__)
_CLOSING = 90.0  # seconds until what does not end is left: hooks of the end may take a minute


class HeadlessFrontend(Frontend, Protocol):
    def begin(self, session: Session) -> None: ...

    def finish(self, ended: RunEnded, session: Session) -> None:
        """Writes what is left to write. Called exactly once, however the run ended. Raises OSError when it could not be
        written: BrokenPipeError when whoever read it has left."""
        ...


async def run(
    session: Session,
    frontend: HeadlessFrontend,
    prompt: str,
    time_budget: float | None = None,
    *,
    has_commands: bool = True,
    watch: Watch | None = None,
) -> int:
    """The whole life of `coder -p` after start-up. Returns the exit code; the session is closed. Without commands a
    slash is a letter like any other. `watch` is the one that is kept already."""
    with watch or Watch() as signals:
        end = _End(session, frontend, signals)
        signals.begins(session, end.now)
        try:
            unmet = await _unmet(session)  # before what is said of the session: which servers are there
            frontend.begin(session)
            session.servers.told()
            session.wait_for_agents()
            end.ended = unmet or await _run(session, prompt, time_budget, has_commands=has_commands)
        except CoderError as error:  # such as a command whose text cannot be made
            end.ended = RunEnded(reason="not_begun", turns=0, error=str(error))
        except Exception as error:  # noqa: BLE001  # a bug of ours must still leave one result, and no traceback
            _log.exception("the run failed")
            end.ended = RunEnded(reason="crashed", turns=0, error=report(error))
        finally:
            is_closed = await _closed(session, frontend)
        if not is_closed:
            end.now()
        signals.leaves_with = end.told()
        return signals.leaves_with


class _End:
    """How the run ended, which is told once whatever comes next."""

    ended = RunEnded(reason="interrupted", turns=0, error="Interrupted")

    def __init__(self, session: Session, frontend: HeadlessFrontend, watch: Watch) -> None:
        self._session, self._frontend, self._watch = session, frontend, watch
        self._is_told = False

    def told(self) -> int:
        """Tells it. Returns the exit code."""
        code = exit_code(self.ended, self._watch.caught)
        if self._is_told:
            return code
        self._is_told = True
        with self._watch.delivering() as words:
            try:
                self._frontend.finish(self._resumable(), self._session)
            except OSError as error:
                return words.unsaid(code, error)
        return code

    def _resumable(self) -> RunEnded:
        if self.ended.reason == "done":
            return self.ended
        kept = self._session.facts.transcript
        is_kept = kept is not None and kept.exists()
        return going_on.resumable(self.ended, self._session.facts.session_id, is_kept=is_kept)

    def now(self) -> NoReturn:
        """Tells it and leaves, whatever is still under way: no process of ours is left by that."""
        self._watch.leave(self.told())


async def _closed(session: Session, frontend: HeadlessFrontend) -> bool:
    """Whether everything was ended and stored. What cannot be is no reason to say nothing of the run."""
    closing = asyncio.create_task(session.aclose())
    await asyncio.wait({closing}, timeout=_CLOSING)
    if not closing.done():
        return False
    if not closing.cancelled() and (error := closing.exception()) is not None:
        _log.error("the session could not be closed", exc_info=error)
        frontend.emit(Notice(level="warning", text=f"The session was not closed as it should be: {report(error)}"))
    return True


async def _unmet(session: Session) -> RunEnded | None:
    """The end of a run that is not to begin, because a server is not there that must be."""
    missing = await session.servers.required()
    if missing is None:
        return RunEnded(reason="interrupted", turns=0, error="Interrupted")
    return RunEnded(reason="server_missing", turns=0, error=" ".join(missing)) if missing else None


async def _run(session: Session, prompt: str, time_budget: float | None, *, has_commands: bool) -> RunEnded:
    if has_commands and is_command(prompt):
        return await run_command(session, prompt)
    return await session.prompt(prompt, time_budget=time_budget)


class Watch(Signals):
    """The signals of one run, or of the task that prepares it: that is what they interrupt. `leaving` is called when
    the process ends at once: what else must not stay behind."""

    def __init__(self, leaving: Callable[[], None] | None = None) -> None:
        super().__init__(self._interrupt, self._end, leaving)
        self._task = asyncio.current_task()
        self._session: Session | None = None
        self._now: Callable[[], NoReturn] | None = None

    def begins(self, session: Session, now: Callable[[], NoReturn]) -> None:
        """There is a run to interrupt, and `now` is how to end at once."""
        self._session, self._now = session, now

    def leave(self, code: int) -> NoReturn:
        descendants.end_descendants()
        if self._leaving is not None:
            self._leaving()
        os._exit(code)

    def _interrupt(self) -> None:
        if self._session is not None:
            self._session.interrupt()
        elif self._task is not None:
            self._task.cancel()

    def _end(self, number: signal.Signals) -> None:
        if self._now is not None:
            self._now()
        self.leave(128 + number)
