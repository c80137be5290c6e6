"""The interactive session: the prompt, the run, the questions, from the first row to the last. Puts the parts together.

Nothing heavy is loaded before the prompt stands there; the session opens behind it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_toolkit.output.vt100 import Vt100_Output

from coder.config.credentials import has_access
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.events import AnyEvent
from coder.core.lazy import LazyModule
from coder.core.requests import Reply, Request
from coder.frontends.render import ending
from coder.frontends.render.theme import Theme, theme_of
from coder.frontends.repl import app_keys, keymap, welcome
from coder.frontends.repl.asker import Asker
from coder.frontends.repl.controls import Controls
from coder.frontends.repl.desk import Doors, TerminalDesk
from coder.frontends.repl.drawing import Drawing
from coder.frontends.repl.entry import Entry
from coder.frontends.repl.printer import Place, Printer
from coder.frontends.repl.prompt import Place as PromptPlace
from coder.frontends.repl.prompt import Prompt
from coder.frontends.repl.settings import LiveSettings
from coder.frontends.repl.talk import Hands, Talk
from coder.frontends.repl.terminal import Terminal
from coder.frontends.slash.registry import BUILT_IN
from coder.frontends.styled import foreign, row
from coder.models import catalog

if TYPE_CHECKING:
    from coder.app import notes, plans
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.frontends import doorstep, session_picker
    from coder.frontends.repl import failing, remembering, reopening, resumed
    from coder.frontends.slash import dispatch
else:  # none of it is needed for the first paint
    dispatch = LazyModule("coder.frontends.slash.dispatch")
    failing = LazyModule("coder.frontends.repl.failing")
    doorstep = LazyModule("coder.frontends.doorstep")
    notes = LazyModule("coder.app.notes")
    plans = LazyModule("coder.app.plans")
    reopening = LazyModule("coder.frontends.repl.reopening")
    resumed = LazyModule("coder.frontends.repl.resumed")
    session_picker = LazyModule("coder.frontends.session_picker")
    remembering = LazyModule("coder.frontends.repl.remembering")

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_HEARTBEAT = 0.1  # seconds between two drawings of the clock


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What an interactive session begins with. `open` makes a session from settings; `reload` reads the settings again,
    with the offline demo model when that is asked for.

    `start` is None for a new session; `chooses`: it is to be picked. `prompt` is sent first. `is_still`: no animation.
    `play` is a tour: it drives the session, which then ends without a word about going on with it.
    """

    config: Config
    open: Callable[[Config, Front, Start | None], Awaitable[Session]]
    reload: Callable[[bool], Awaitable[Config]]
    version: str
    env: Mapping[str, str]
    home: Path
    start: Start | None = None
    chooses: bool = False
    prompt: str | None = None
    is_still: bool = False
    colour: str = "auto"
    play: Callable[[Terminal, Prompt, Talk], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Front:
    """The engine's front end."""

    printer: Printer
    asker: Asker

    def emit(self, event: AnyEvent) -> None:
        self.printer.emit(event)

    async def ask(self, request: Request) -> Reply:
        return await self.asker.ask(request)


async def run(opening: Opening) -> int:
    """The whole life of an interactive session. Returns the exit code; the terminal is left as it was."""
    return await Repl(opening).run()


class Repl:
    """Implements `entry.Host`, what the prompt asks for."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._config = config = opening.config
        self._code = 0
        self._failure: BaseException | None = None
        self._is_over = False
        self._ticking = asyncio.Event()
        self._asides: set[asyncio.Task[None]] = set()
        self._keys = keymap.load(config.home / "keybindings.json")
        kept = config.home if config.persist else None
        where = PromptPlace(config.cwd, kept, opening.env)
        self._prompt = Prompt(self, where, self._keys, BUILT_IN)
        output = Vt100_Output.from_pty(sys.stdout, term=opening.env.get("TERM"))
        output.enable_cpr = False  # asked for by nobody: answers could land in the prompt
        self._terminal = Terminal(self._prompt, self._theme(config.interface.theme), opening.env, output)
        self._printer = Printer(self._terminal, Place(config.cwd, opening.home), self._changed)
        asker = Asker(self._terminal, self._printer, config.cwd, opening.home, self._attention, self._save_plan)
        self._front = Front(self._printer, asker)
        hands = Hands(self._restore, self._command, self._remember, self._call, self._changed)
        self._talk = Talk(self._printer, hands)
        places = (config.cwd, opening.home)
        self._controls = Controls(
            self._terminal, self._printer, self._talk, self._keys, self.leave, self._aside, places
        )
        self._terminal.bind(app_keys.session_keys(self._keys, self._controls.handlers(), self._terminal.is_free))
        self._drawing = Drawing(
            self._printer,
            self._talk,
            self._keys,
            lambda: self._config,
            lambda: self._prompt.text,
            lambda: self._controls.said,
        )
        self._drawing.is_still = opening.is_still or config.interface.reduced_motion
        self._terminal.live, self._terminal.status = self._drawing.live, self._drawing.status
        settings = LiveSettings(config.interface, config.home / "settings.json", opening.env, self._set)
        doors = Doors(self._reopen, self._send_later, self.leave, lambda: self._config)
        self._desk = TerminalDesk(self._terminal, self._talk, self._printer, settings, opening.env, doors)
        self._later: list[str] = []

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.leave, 128 + number)
        if self._is_ready():
            self._welcome()
            self._terminal.screen.flush()
        life: list[asyncio.Task[None]] = []
        try:
            await self._terminal.run(lambda: life.extend(self._begin()))
        except (EOFError, OSError):
            self._code = self._code or 129  # the terminal is gone
        finally:
            await self._end(life)
        if self._failure is not None:
            raise self._failure
        return self._code

    def send(self, entry: Entry) -> None:
        if entry.kind == "command" and self._talk.is_running and dispatch.is_for_any_time(entry.text):
            self._aside(self._command(entry.text))
        else:
            self._talk.take(entry)

    def is_running(self) -> bool:
        return self._printer.board.is_running

    def stop(self) -> bool:
        return self._talk.stop()

    def rewind(self) -> None:
        if not self._talk.is_running:
            self._talk.take(Entry("command", "/rewind"))

    def take_back(self) -> str | None:
        return self._talk.take_back()

    def below(self) -> bool:
        if self._talk.running_tasks:
            self._aside(self._command("/tasks"))
        return bool(self._talk.running_tasks)

    def edit(self, text: str) -> None:
        async def edit() -> None:
            edited = await self._terminal.editor(text, "prompt.md")
            if edited is not None:
                self._terminal.set_draft(edited)

        self._aside(edit())

    def redraw(self) -> None:
        self._terminal.redraw()

    def leave(self, code: int = 0) -> None:
        self._code = code
        self._is_over = True
        self._terminal.stop()

    def _is_ready(self) -> bool:
        """Whether nothing has to be asked before the session."""
        trust = self._config.trust
        return has_access(self._config.model) and not (trust is not None and trust.off) and not self._opening.chooses

    def _begin(self) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._life()), asyncio.create_task(self._tick())]
        for task in tasks:
            task.add_done_callback(self._died)
        return tasks

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self._terminal.stop()

    async def _life(self) -> None:
        start = self._opening.start
        if not self._is_ready():
            opening = self._opening
            prepared = await doorstep.prepare(self._terminal, self._config, opening.reload, opening.env, opening.home)
            if isinstance(prepared, int):
                self.leave(prepared)
                return
            self._config = prepared
            if self._opening.chooses:
                start = await session_picker.choose(self._terminal, self._config.home, self._config.cwd)
                if start is None:
                    self.leave()
                    return
            self._welcome()
        await self._open(self._config, start)
        if self._opening.prompt:
            self.send(Entry("prompt", self._opening.prompt))
        if self._opening.play is not None:
            await self._opening.play(self._terminal, self._prompt, self._talk)
            self.leave()

    def _welcome(self) -> None:
        config = self._config
        told = ending.Opening(
            version=self._opening.version,
            model=catalog.resolve(config.model.name, config.env),
            folder=self._short(config.cwd),
            branch=welcome.branch_of(config.cwd),
            mode=config.mode,
            trust_problem="untrusted" if config.trust is not None and config.trust.off else "",
        )
        rows = ending.welcome_rows(told)
        warnings = [row(("! ", "warn"), foreign(text)) for text in (*config.warnings, *self._keys.warnings)]
        self._terminal.say([*rows, *warnings, ()])

    def _theme(self, name: str) -> Theme:
        return theme_of(name, self._opening.env, colour=self._opening.colour != "never")

    def _short(self, folder: Path) -> str:
        home = self._opening.home
        return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) and folder != home else str(folder)

    async def _open(self, config: Config, start: Start | None) -> None:
        """Raises CoderError."""
        session = await self._opening.open(config, self._front, start)
        self._config = config
        self._printer.facts = lambda **now: failing.facts_of(config, session, self._opening.env, **now)
        self._talk.took(session)
        self._printer.begins(session.messages)
        for text in session.warnings:
            if text not in config.warnings:
                self._printer.say(row(("! ", "warn"), foreign(text)))
        resumed.show(self._printer, session)
        self._changed()

    async def _reopen(self, start: Start | None, changes: dict[str, object]) -> None:
        config, wanted = reopening.changed(self._config, self._talk.session, start, changes)
        old = self._config, reopening.again(self._talk.session)
        await self._talk.close()
        try:
            await self._open(config, wanted)
        except CoderError:
            await self._open(*old)
            raise

    async def _end(self, life: list[asyncio.Task[None]]) -> None:
        for task in (*life, *self._asides):
            task.cancel()
        self._terminal.screen.is_held = False
        await self._talk.close()
        self._terminal.screen.flush()
        if (self._talk.prompts or self._talk.cost) and self._opening.play is None:
            rows = ending.exit_rows(
                title=self._talk.title,
                prompts=self._talk.prompts,
                files_changed=len(self._talk.changed_files),
                cost=self._talk.cost,
                session=self._talk.session_id,
            )
            with suppress(OSError):
                self._terminal.say(rows)
                self._terminal.screen.flush()
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    async def _tick(self) -> None:
        """Draws the clock while a run is on; costs nothing while none is."""
        while True:
            await self._ticking.wait()
            self._ticking.clear()
            while self._printer.board.is_running:
                self._terminal.redraw()
                await asyncio.sleep(1.0 if self._drawing.is_still else _HEARTBEAT)
            self._terminal.redraw()

    def _changed(self) -> None:
        if self._printer.board.is_running:
            self._ticking.set()
        self._terminal.redraw()

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
        task.add_done_callback(self._died)

    def _restore(self, text: str) -> None:
        """Back into the prompt, before what has been typed since."""
        draft = self._prompt.text
        self._terminal.set_draft(f"{text}\n{draft}" if draft and draft != text else text)

    async def _command(self, line: str) -> None:
        await self._talk.opened()
        await dispatch.run_line(self._desk, line)
        self._printer.say(())
        while self._later:
            self._talk.queue(Entry("prompt", self._later.pop(0), command=line))

    def _send_later(self, prompt: str) -> None:
        self._later.append(prompt)

    async def _remember(self, note: str) -> None:
        """Asks which notes, and adds one."""
        path = await remembering.choose(self._terminal, self._config, self._opening.home)
        if path is not None:
            notes.add_note(path, note)
            name = remembering.name_of(path, self._config.cwd, self._opening.home)
            said = f" · the model reads it when you name it: @{name}"
            self._printer.say(row(("✓ ", "ok"), f"Noted in {name}", (said, "dim")), ())

    def _save_plan(self, plan: str) -> Path | None:
        try:
            path: Path = plans.save_plan(self._config.home, self._config.cwd, plan)
        except OSError:
            return None
        return path

    def _attention(self, wanted: bool) -> None:
        if wanted:
            self._call("needs_input", "coder waits for you")
        self._changed()

    def _call(self, kind: str, words: str) -> None:
        """The bell, and a notification where the window is not looked at."""

    def _set(self, key: str, value: object) -> None:
        """A setting was changed: it counts at once."""
        match key:
            case "theme":
                self._terminal.set_theme(self._theme(str(value)))
            case "editorMode":
                self._terminal.set_vim(value == "vim")
            case "reducedMotion":
                self._drawing.is_still = bool(value)
            case "verbose":
                self._printer.is_verbose = bool(value)
            case _:
                pass
