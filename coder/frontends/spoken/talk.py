"""The talk of a session in plain lines: takes lines, runs prompts and commands, says what happens.

Must not know where a session comes from, nor what a command does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TypeAlias

from coder import __version__
from coder.app.plans import save_plan
from coder.app.starting import Start
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.events import AnyEvent, RunEnded
from coder.core.ordinary import read_ordinary
from coder.core.requests import Reply, Request
from coder.core.visible import visible_line
from coder.frontends.beside import in_background, still_running
from coder.frontends.desk import Desk
from coder.frontends.dialog_making import Facts
from coder.frontends.failing import facts_of
from coder.frontends.modes import in_words
from coder.frontends.slash.dispatch import is_command
from coder.frontends.slash.registry import find
from coder.frontends.spoken import shell_line
from coder.frontends.spoken.asking import answered, ask
from coder.frontends.spoken.desk import Open, SpokenDesk
from coder.frontends.spoken.ending import goodbye, resumed_lines, run_lines
from coder.frontends.spoken.telling import ASKING, Telling
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.spoken.ui import SpokenUi

RunLine: TypeAlias = Callable[[Desk, str], Awaitable[bool]]
_YOU = "you: "
_LARGEST = 16_000_000  # bytes of a file that is compared with what it would become


class Talk:
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
        self._command: asyncio.Future[object] | None = None
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
                reply = await ask(self._terminal, request, facts, self._keep_plan)
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
            mode = in_words(session.control.mode)
            self._terminal.say(f"coder {__version__}, {facts.model}, folder {folder}. Mode: {mode}.")
            self._terminal.say(*(f"warning: {visible_line(text)}" for text in session.warnings))
            self._terminal.say(*resumed_lines(session))
            if first.strip():
                self._terminal.say(*(f"you: {visible_line(line)}" for line in first.strip().split("\n")))
                await self._take(first)
            while self._code is None and not (self.desk.is_left and await self._may_leave()):
                await self._next()
        finally:
            for task in self._beside:
                task.cancel()
            await self.desk.aclose()
        if self.desk.prompts:
            self._terminal.say(*goodbye(self.desk.session, self.desk.prompts, self.desk.cost))
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
            await self._prompt(self.desk.sending.pop(0))
        elif self._later:
            await self._take(self._later.pop(0))
        else:
            typed = await self._terminal.line(_YOU, joins=True)
            if typed is None:
                self.desk.leave()
            elif typed.strip() or self._ui.draft:
                draft, self._ui.draft = self._ui.draft, ""
                await self._take(typed if typed.strip() else draft)

    async def _take(self, text: str) -> None:
        text = text.strip()
        if is_command(text):
            await self._do(text)
        elif text.startswith("!") and text[1:].strip():
            await self._stoppable(shell_line.run(self.desk.session, self._terminal, text[1:].strip()))
        elif text:
            await self._prompt(text)

    async def _do(self, line: str) -> None:
        old = self.desk.session
        async with self._floor:
            await self._stoppable(self._run_line(self.desk, line))
        if self.desk.session is not old:
            self._terminal.say(*resumed_lines(self.desk.session))

    async def _stoppable(self, doing: Awaitable[object]) -> None:
        """Until it has ended, or ctrl+c."""
        self._command = asyncio.ensure_future(doing)
        await asyncio.wait({self._command})
        done, self._command = self._command, None
        if done.cancelled():
            self._terminal.say("Stopped by you.")
        else:
            done.result()

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
        undelivered = session.steering.take_back()
        self._terminal.say(*self._telling.rest())
        if self._code is None:
            self._terminal.bell()
        unsaid = ended.reason != "done" and session.unsay()
        facts = facts_of(self.desk.config, session, self.desk.env, restored=unsaid)
        said = run_lines(ended, self._telling, cost, facts)
        self._terminal.say(*(said if self._code is None else said[:1]))  # who leaves is asked for nothing more
        if ended.reason != "done":
            undelivered = (*((text,) if unsaid else ()), *undelivered)
            self._later.clear()
        if undelivered and self._code is None:
            self._ui.set_draft("\n".join(undelivered))

    async def _may_leave(self) -> bool:
        """Commands and agents in the background end with the session: the person is told first."""
        session = self.desk.session
        tasks = sum(task.state == "running" for task in session.tasks.all)
        agents = in_background(session.agents.rows()) if session.agents is not None else 0
        if not tasks + agents or self._code is not None:
            return True
        what, them = still_running(tasks, agents)
        asked = f"question: {what} Type y to stop {them} and leave, or n to stay: "
        typed = await self._terminal.line(asked)
        self.desk.is_left = typed is None or typed.strip().lower() in ("y", "yes")
        return self.desk.is_left

    def _keep_plan(self, plan: str) -> str:
        config = self.desk.config
        try:
            path = save_plan(config.home, config.cwd, plan) if config.persist else None
        except CoderError as error:
            self._terminal.say(f"warning: {visible_line(str(error))}")
            return ""
        return str(path or "").replace(f"{self._home}/", "~/", 1)

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
        elif is_command(text.strip()):
            self._beside_or_later(text.strip())
        elif text.strip().startswith("!") and text.strip(" !"):
            self._aside(shell_line.run(self.desk.session, self._terminal, text.strip()[1:].strip()))
        else:
            self.desk.session.steer(text)
            self._terminal.say(f"you: {visible_line(text)} (read before the next step)")

    def _beside_or_later(self, line: str) -> None:
        command = find(line.split(maxsplit=1)[0][1:])
        if command is None or not command.any_time:
            self._later.append(line)
            self._terminal.say(f"you: {visible_line(line)} (done after this run)")
            return
        self._aside(self._do(line))

    def _aside(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _text_of(path: Path) -> str | None:
    """None without a file. A pipe or a device has no text: to read one could take for ever."""
    try:
        return read_ordinary(path, _LARGEST).decode("utf-8", "replace")
    except OSError:
        return "" if path.exists() and not path.is_file() else None
