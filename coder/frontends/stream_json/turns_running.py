"""What a turn of a process that is told many things runs: a prompt, a command, or what ended in the background. Must
not know which turn comes when, or what is told of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from coder.app.prompting import Given
from coder.app.session import Session
from coder.core.events import RunEnded
from coder.frontends.stream_json.turns_said import Said

Command: TypeAlias = Callable[[Session, str], Awaitable[RunEnded | None]]
"""Does what a line that begins with a slash says; None for one that is a prompt."""


class Running:
    """`command` None: a slash is a letter like any other. `time_budget` is for each message. `is_prompt`: what runs can
    be told more."""

    def __init__(self, command: Command | None, time_budget: float | None = None) -> None:
        self._command = command
        self._time_budget = time_budget
        self.is_prompt = False

    async def run(self, session: Session, said: Said | None) -> RunEnded:
        """`said` None: what ended in the background. Raises CoderError where nothing can be begun."""
        if said is None:
            with self._steerable():
                return await session.follow_up() or RunEnded(reason="done", turns=0)
        if said.problem:
            return RunEnded(reason="not_begun", turns=0, error=said.problem)
        if said.is_empty:  # such as the one with which a host opens a session, to ask something of it
            return RunEnded(reason="done", turns=0)
        if said.is_command and not said.last_line and self._command is not None:
            ended = await self._command(session, said.text.strip())
            if ended is not None:
                return ended
        with self._steerable():
            return await session.prompt(said.text, time_budget=self._time_budget, given=given_of(said))

    @contextmanager
    def _steerable(self) -> Iterator[None]:
        self.is_prompt = True
        try:
            yield
        finally:
            self.is_prompt = False


def given_of(said: Said) -> Given:
    """What the session is given beside the text."""
    return Given(said.uuid, said.blocks, said.is_synthetic, said.is_verbatim, said.last_line)
