"""The slash commands of a host's messages that are not for the model: `/clear`, `/compact`, `/context`, `/cost`. Must
not know frames.
"""

from __future__ import annotations

from collections.abc import Mapping

from coder.app.session import Session
from coder.core.config import Config
from coder.core.errors import SessionError
from coder.core.events import RunEnded
from coder.core.lazy import LazyModule
from coder.frontends.commands import is_command, run_command, unknown
from coder.frontends.slash.dispatch import parse
from coder.frontends.slash.registry import find
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Seat
from coder.sessions.asides import clean_name

_context = LazyModule("coder.frontends.stream_json.queries.context")
_desk = LazyModule("coder.frontends.stream_json.host_desk")


class Commands:
    """Called with a line, it does what that says; None for one that is sent to the model."""

    def __init__(self, seat: Seat, out: HostOut, config: Config, env: Mapping[str, str]) -> None:
        self._seat = seat
        self._out = out
        self._config = config
        self._env = env

    async def __call__(self, session: Session, line: str) -> RunEnded | None:
        if is_command(line):
            return self._printed(await run_command(session, line))
        name, arguments = parse(line)
        command = find(name)
        if command is not None and command.name == "clear":
            return await self._clear(session, arguments)
        if (printing := _desk.printing(name)) is not None:
            text = await _desk.printed(printing, arguments, session, self._config, self._env)
            if printing.name == "context":
                self._out.reported(text, await _context.of_message(session))
                return RunEnded(reason="done", turns=0, text=text)
            return self._printed(RunEnded(reason="done", turns=0, text=text))
        if problem := unknown(session, line):
            return RunEnded(reason="not_begun", turns=0, error=problem)
        return None

    async def _clear(self, session: Session, arguments: str) -> RunEnded:
        name = arguments.strip()
        if name and not clean_name(name):
            raise SessionError("A session needs a name that can be read. Give it letters: /clear <name>")
        self._out.reset(session, await self._seat.clear(name))
        return RunEnded(reason="done", turns=0)

    def _printed(self, ended: RunEnded) -> RunEnded:
        if ended.text:
            self._out.printed(ended.text)
        return ended
