"""A whole session in plain lines, from the first line to the last: reads lines, runs prompts and commands, says what
happens. Must not know where a session comes from, nor what a command does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from coder import __version__
from coder.app.starting import NEW, Start
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.events import AnyEvent, RunEnded
from coder.core.requests import Reply, Request
from coder.core.visible import visible_line
from coder.frontends.desk import Desk
from coder.frontends.dialog_making import Facts
from coder.frontends.slash.registry import find
from coder.frontends.spoken.asking import answered, ask
from coder.frontends.spoken.desk import Open, SpokenDesk
from coder.frontends.spoken.ending import goodbye, run_lines
from coder.frontends.spoken.signals import Signals
from coder.frontends.spoken.telling import ASKING, MODES, Telling
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.spoken.ui import SpokenUi

RunLine: TypeAlias = Callable[[Desk, str], Awaitable[bool]]
Prepare: TypeAlias = Callable[[SpokenUi], Awaitable["Config | int"]]
HEARTBEAT = 30.0  # seconds between two signs of life
_YOU = "you: "


async def run(
    opens: Open,
    prepare: Prepare,
    run_line: RunLine,
    *,
    why: str,
    env: Mapping[str, str],
    home: Path,
    start: Start = NEW,
    first: str = "",
    heartbeat: float = HEARTBEAT,
) -> int:
    """The exit code. `why` names what asked for plain lines (see `why.py`); `prepare` asks what has to be asked before
    a session is opened and gives its settings, or the exit code when there is to be none; `first` is a first message.

    Raises CoderError when no session can be opened.
    """
    with Terminal() as terminal:
        terminal.say(f"Screen reader mode is on (from {why}).")
        ui = SpokenUi(terminal, env)
        prepared = await prepare(ui)
        if isinstance(prepared, int):
            return prepared
        life = Life(terminal, ui, opens, prepared, run_line, env, home, heartbeat)
        with Signals(life.interrupted, life.ended):
            return await life.run(start, first)


class Life:
    """One at a time has the floor: a question, or a command that asks something."""

    def __init__(
        self,
        terminal: Terminal,
        ui: SpokenUi,
        opens: Open,
        config: Config,
        run_line: RunLine,
        env: Mapping[str, str],
        home: Path,
        heartbeat: float,
    ) -> None:
        self._terminal = terminal
        self._ui = ui
        self._run_line = run_line
        self._home = home
        self._heartbeat = heartbeat
        self._telling = Telling(config.cwd, home, lambda: self.desk.setting("verbose") is True)
        self.desk = SpokenDesk(ui, self._telling, self, opens, config, env)
        self._floor = asyncio.Lock()
        self._is_running = False
        self._command: asyncio.Task[bool] | None = None
        self._beside: set[asyncio.Task[None]] = set()  # commands that answer while a run is on
        self._later: list[str] = []  # lines for after the run
        self._code: int | None = None
        terminal.stray = self._stray

    def emit(self, event: AnyEvent) -> None:
        if lines := self._telling.lines(event):
            self._terminal.say(*lines)

    async def ask(self, request: Request) -> Reply:
        async with self._floor:
            state, self._telling.state = self._telling.state, ASKING
            facts = Facts(self.desk.config.cwd, self._home, _text_of)
            try:
                reply = await ask(self._terminal, request, facts)
            finally:
                self._telling.state = state
            if told := answered(request, reply):
                self._terminal.say(told)
            return reply

    async def run(self, start: Start, first: str) -> int:
        try:
            session = await self.desk.open(start)
            facts = session.facts
            folder = visible_line(facts.cwd.name or str(facts.cwd))
            mode = MODES.get(session.control.mode, session.control.mode)
            self._terminal.say(f"coder {__version__}, {facts.model}, folder {folder}. Mode: {mode}.")
            self._terminal.say(*(f"warning: {visible_line(text)}" for text in session.warnings))
            if first.strip():
                self._terminal.say(*(f"you: {visible_line(line)}" for line in first.strip().split("\n")))
                await self._take(first)
            while self._code is None and not self.desk.is_left:
                await self._next()
        finally:
            for task in self._beside:
                task.cancel()
            await self.desk.aclose()
        if self.desk.prompts:
            self._terminal.say(*goodbye(self.desk.session, self.desk.prompts))
        return self._code or 0

    def interrupted(self) -> None:
        """Ctrl+c, the first of two within two seconds."""
        self._terminal.interrupted()
        if self._command is not None:
            self._command.cancel()
        elif self._is_running:
            self._terminal.say("Stopping. Press ctrl+c again to leave.")
            self.desk.session.interrupt()
        else:
            self._terminal.say("Press ctrl+c again to leave.")

    def ended(self, code: int) -> None:
        """A signal ends the session, or the second ctrl+c."""
        self._code = code
        if self._command is not None:
            self._command.cancel()
        if self.desk.is_open:
            self.desk.session.interrupt()
        self._terminal.wake()

    async def _next(self) -> None:
        if self.desk.sending:
            await self._take(self.desk.sending.pop(0))
        elif self._later:
            await self._take(self._later.pop(0))
        else:
            typed = await self._terminal.line(_YOU, joins=True)
            if typed is None:
                self._code = 0 if self._code is None else self._code
            elif typed.strip() or self._ui.draft:
                draft, self._ui.draft = self._ui.draft, ""
                await self._take(typed if typed.strip() else draft)

    async def _take(self, text: str) -> None:
        text = text.strip()
        if _is_command(text):
            await self._do(text)
        elif text.startswith("!") and text[1:].strip():
            self._terminal.say("error: your own commands cannot be run in this mode yet. Run them in another window.")
        elif text:
            await self._prompt(text)

    async def _do(self, line: str) -> None:
        async with self._floor:
            self._command = asyncio.create_task(self._run_command(line))
            await asyncio.wait({self._command})
            is_stopped = self._command.cancelled()
            self._command = None
        if is_stopped and self._code is None:
            self._terminal.say("Stopped by you.")

    async def _run_command(self, line: str) -> bool:
        return await self._run_line(self.desk, line)

    async def _prompt(self, text: str) -> None:
        session, self.desk.prompts = self.desk.session, self.desk.prompts + 1
        cost, self._is_running = session.spent.cost, True
        beat = asyncio.create_task(self._beat())
        try:
            ended = await session.prompt(text)
        except CoderError as error:
            self._terminal.bell()
            self._terminal.say(f"error: {visible_line(str(error))}")
            return
        finally:
            self._is_running = False
            beat.cancel()
        self._say_end(text, ended, _difference(session.spent.cost, cost))

    def _say_end(self, text: str, ended: RunEnded, cost: float | None) -> None:
        session = self.desk.session
        undelivered = session.take_back()
        self._terminal.say(*self._telling.rest())
        if self._code is None:
            self._terminal.bell()
        self._terminal.say(*run_lines(ended, self._telling, cost))
        if ended.reason != "done":
            undelivered = (*((text,) if session.unsay() else ()), *undelivered)
            self._later.clear()
        if undelivered and self._code is None:
            self._ui.set_draft("\n".join(undelivered))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            if self._telling.state != ASKING:
                self._terminal.say(self._telling.still)

    def _stray(self, text: str | None) -> None:
        """What is typed while nobody waits for a line."""
        if text is None:
            if self._code is None:
                self.ended(0)
        elif not text.strip():
            pass
        elif not self._is_running:
            self._later.append(text)
        elif _is_command(text.strip()):
            self._beside_or_later(text.strip())
        else:
            self.desk.session.steer(text)
            self._terminal.say(f"you: {visible_line(text)} (read before the next step)")

    def _beside_or_later(self, line: str) -> None:
        command = find(line.split(maxsplit=1)[0][1:])
        if command is None or not command.any_time:
            self._later.append(line)
            self._terminal.say(f"you: {visible_line(line)} (done after this run)")
            return
        task = asyncio.create_task(self._do(line))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _is_command(text: str) -> bool:
    """A slash and a letter, and no second slash as in a path."""
    name = text.split(maxsplit=1)[0] if text else ""
    return name.startswith("/") and name[1:2].isalpha() and "/" not in name[1:]


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _text_of(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return None
