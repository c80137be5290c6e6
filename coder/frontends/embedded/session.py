"""A conversation that a program holds, and a single prompt: `Session` and `query`. Must not know how one is made."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from coder.core.errors import ConfigError, ProtocolError
from coder.core.events import RunEnded
from coder.core.tools import Mode
from coder.frontends.commands import is_command, run_command, unknown
from coder.frontends.embedded.answering import value_of
from coder.frontends.embedded.front import Front
from coder.frontends.embedded.messages import Message, Result, Started
from coder.frontends.embedded.opening import opened
from coder.frontends.embedded.options import Options
from coder.frontends.going_on import without_advice

if TYPE_CHECKING:
    from coder.app import session as app

_BUSY = "a run is under way: steer it or interrupt it first"
_FORM = re.compile(r"--json-schema\b")
_CLOSED = "this session is not open: use it inside `async with Session(...)`"


async def query(prompt: str, options: Options | None = None) -> AsyncGenerator[Message]:
    """One prompt in a session of its own: what happens, as it happens; a `Result` comes last.

    A loop that is left early ends the run; `contextlib.aclosing` has that done at once. Raises CoderError for options
    and settings that cannot be used, and what a callback of the program raised.
    """
    async with Session(options) as session:
        yield session.started
        async with aclosing(session.stream(prompt)) as messages:
            async for message in messages:
                yield message


class Session:
    """One conversation, open inside `async with`. One prompt at a time; any number of sessions in a process."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._front = Front(self.options)
        self._held: app.Session | None = None
        self._has_begun = False
        self._is_taken = False  # somebody waits for a result

    async def __aenter__(self) -> Session:
        if self._held is not None:
            raise ProtocolError("this session is open already")
        self._held = await opened(self.options, self._front)
        self._has_begun = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        if self._held is None:
            return "Session(not open)"
        return f"Session({self.id!r}, {self.model!r}, {'running' if self.is_running else 'idle'})"

    @property
    def id(self) -> str:
        """What `Options.resume` goes on with."""
        return self._open.facts.session_id

    @property
    def cwd(self) -> Path:
        return self._open.facts.cwd

    @property
    def model(self) -> str:
        return self._open.control.model

    @property
    def is_running(self) -> bool:
        return self._open.is_running

    @property
    def cost_usd(self) -> float | None:
        """Of the whole session so far; None where a price is unknown."""
        return self._open.spent.cost

    @property
    def started(self) -> Started:
        session = self._open
        facts = session.facts
        return Started(
            session_id=facts.session_id,
            cwd=facts.cwd,
            model=session.control.model,
            tools=(*facts.tools, *(name for name in self._front.own_tools if name not in facts.tools)),
            warnings=session.warnings,
        )

    async def ask(self, prompt: str) -> Result:
        """Runs to the final answer. How it ended is a value: look at `ok` and `reason`.

        Raises CoderError where the prompt could not be sent, and what a callback of the program raised. A caller that
        is cancelled ends the run.
        """
        with self._taken():
            return await self._answer(prompt)

    async def _answer(self, prompt: str) -> Result:
        began, front = time.monotonic(), self._front
        front.begin()
        session = self._open
        ended = await self._run(session, prompt)
        if front.broken is not None:
            raise front.broken
        return Result(
            text=ended.text,
            reason=ended.reason,
            session_id=session.facts.session_id,
            turns=ended.turns,
            cost_usd=session.spent.cost,
            usage=ended.usage,
            seconds=time.monotonic() - began,
            error="" if ended.reason == "done" else _said(ended.error) or ended.reason,
            status=ended.status,
            denied=tuple(front.denied),
            value=value_of(self.options.answer, ended),
            evidence=ended.evidence,
        )

    async def stream(self, prompt: str) -> AsyncGenerator[Message]:
        """As `ask`, with what happens as it happens; the `Result` comes last. A loop that is left ends the run."""
        with self._taken():
            running = asyncio.create_task(self._answer(prompt))
            try:
                async with aclosing(self._front.messages(running)) as messages:
                    async for message in messages:
                        yield message
                yield running.result()
            finally:
                if not running.done():
                    running.cancel()
                    await asyncio.wait({running})

    def interrupt(self) -> None:
        """Ends the run under way, whose `Result` has the reason "interrupted". Does nothing while idle."""
        self._open.interrupt()

    def steer(self, text: str) -> None:
        """Says something to the run under way, which reads it after the calls that it makes now. What comes too late
        for that goes before the next prompt."""
        self._open.steer(text)

    def set_permission_mode(self, mode: Mode) -> None:
        """From the next call on. Raises CoderError for bypassPermissions, which is only to be had from the start."""
        self._open.tuning.set_mode(mode)

    async def aclose(self) -> None:
        """Ends the run, processes and connections, and stores what is left. Idempotent."""
        held, self._held = self._held, None
        if held is not None:
            await held.aclose()

    async def _run(self, session: app.Session, prompt: str) -> RunEnded:
        if not self._has_begun:
            missing = await session.servers.required()
            if missing is None:
                return RunEnded(reason="interrupted", turns=0, error="Interrupted")
            if missing:
                return RunEnded(reason="server_missing", turns=0, error=" ".join(missing))
            self._has_begun = True
            session.servers.told()
            session.wait_for_agents()
        if not prompt.strip():
            raise ConfigError("the prompt is empty")
        if prompt.startswith("/"):
            if is_command(prompt):
                return await run_command(session, prompt)
            if problem := unknown(session, prompt):
                raise ConfigError(problem)
        return await session.prompt(prompt, time_budget=self.options.time_budget)

    @contextmanager
    def _taken(self) -> Iterator[None]:
        """Raises ProtocolError while another prompt is answered: what that one tells must not end."""
        if self._is_taken:
            raise ProtocolError(_BUSY)
        self._is_taken = True
        try:
            yield
        finally:
            self._is_taken = False

    @property
    def _open(self) -> app.Session:
        if self._held is None:
            raise ProtocolError(_CLOSED)
        return self._held


def _said(error: str) -> str:
    """For a program, which has options and no command line."""
    return _FORM.sub("Options.answer", without_advice(error))
