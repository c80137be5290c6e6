"""Drives one run with nobody in front: signals in, exit code out. Knows sessions, not formats."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, TextIO

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.events import RunEnded
from coder.core.frontend import Frontend
from coder.frontends.commands import is_command, run_command
from coder.frontends.crash import report
from coder.frontends.exit_codes import FAILED, exit_code

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class HeadlessFrontend(Frontend, Protocol):
    def begin(self, session: Session) -> None: ...

    def finish(self, ended: RunEnded, session: Session) -> None:
        """Writes what is left to write. Called exactly once, however the run ended. Raises OSError when it could not be
        written for another reason than that nobody reads it."""
        ...


async def run(
    session: Session,
    frontend: HeadlessFrontend,
    prompt: str,
    time_budget: float | None = None,
    *,
    has_commands: bool = True,
) -> int:
    """The whole life of `coder -p` after start-up. Returns the exit code; the session is closed. Without commands a
    slash is a letter like any other."""
    watch = _SignalWatch(session)
    with watch:
        try:
            unmet = await _unmet(session)  # before what is said of the session: which servers are there
            frontend.begin(session)
            session.servers_told()
            session.wait_for_agents()
            ended = unmet or _resumable(await _run(session, prompt, time_budget, has_commands=has_commands), session)
        except CoderError as error:  # such as a command whose text cannot be made
            ended = RunEnded(reason="crashed", turns=0, error=str(error))
        except Exception as error:  # noqa: BLE001  # a bug of ours must still leave one result, and no traceback
            _log.exception("the run failed")
            ended = RunEnded(reason="crashed", turns=0, error=report(error))
        finally:
            await session.aclose()
        code = exit_code(ended, watch.caught)
        try:
            frontend.finish(ended, session)
        except BrokenPipeError:
            raise
        except OSError as error:
            with suppress(OSError):
                sys.stderr.write(f"coder: the answer could not be written: {error.strerror}. Read it with -c.\n")
            _drop_the_rest(sys.stdout)
            return code or FAILED
    return code


async def _unmet(session: Session) -> RunEnded | None:
    """The end of a run that is not to begin, because a server is not there that must be."""
    missing = await session.required()
    if missing is None:
        return RunEnded(reason="interrupted", turns=0, error="Interrupted")
    return RunEnded(reason="server_missing", turns=0, error=" ".join(missing)) if missing else None


async def _run(session: Session, prompt: str, time_budget: float | None, *, has_commands: bool) -> RunEnded:
    if has_commands and is_command(prompt):
        return await run_command(session, prompt)
    return await session.prompt(prompt, time_budget=time_budget)


def _drop_the_rest(out: TextIO) -> None:
    """What is still held for a stream that cannot be written must not fail once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def _resumable(ended: RunEnded, session: Session) -> RunEnded:
    """The end with how to go on, where only time was missing."""
    if ended.reason not in ("rate_limit", "time_budget") or session.facts.transcript is None:
        return ended
    command = f'coder -p -r {session.facts.session_id} "go on"'
    if ended.reason == "time_budget":
        return replace(ended, error=f"{ended.error}. Go on with: {command}")
    return replace(ended, error=f"{ended.error} Go on later with: {command}, or wait with --on-limit wait.")


class _SignalWatch:
    """The first signal interrupts the run; a second one ends the process at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.caught: signal.Signals | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)

    def __exit__(self, *exc: object) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self.caught is not None:
            os._exit(128 + number)
        self.caught = number
        self._session.interrupt()
