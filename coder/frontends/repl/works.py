"""All of the interactive session that is not needed for the first paint: what is printed, asked, run and opened.

Must not know how the prompt came to be there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.app import notes, plans
from coder.app.kept_cost import kept_cost
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.events import AnyEvent
from coder.core.lazy import LazyModule
from coder.core.requests import Reply, Request
from coder.frontends import failing, reopening
from coder.frontends.beside import AT_WORK
from coder.frontends.crash import report
from coder.frontends.render.theme import theme_of
from coder.frontends.repl import app_keys, resumed
from coder.frontends.repl.asker import Asker
from coder.frontends.repl.attention import Attention
from coder.frontends.repl.controls import Controls
from coder.frontends.repl.desk import Doors, TerminalDesk
from coder.frontends.repl.drawing import Drawing
from coder.frontends.repl.entry import Entry
from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.opening import Opening
from coder.frontends.repl.printer import Place, Printer
from coder.frontends.repl.settings import LiveSettings
from coder.frontends.repl.talk import Hands, Talk
from coder.frontends.repl.terminal import Terminal
from coder.frontends.slash import dispatch
from coder.frontends.slash.registry import with_files
from coder.frontends.styled import foreign, row

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.frontends.repl import custom_status, meeting, remembering
else:  # few sessions need them
    custom_status = LazyModule("coder.frontends.repl.custom_status")
    meeting = LazyModule("coder.frontends.repl.meeting")
    remembering = LazyModule("coder.frontends.repl.remembering")

_log = logging.getLogger(__name__)
_HEARTBEAT = 0.1  # seconds between two drawings of the clock


class Works:
    """The engine's front end, and the hands of the prompt and the commands. `leave` ends the session with an exit
    code."""

    def __init__(
        self,
        opening: Opening,
        config: Config,
        terminal: Terminal,
        keys: Keymap,
        leave: Callable[[int], None],
    ) -> None:
        self.config = config
        self._opening = opening
        self._terminal = terminal
        self._leave = leave
        self._ticking = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: list[str] = []
        self._told_of = ""  # the session whose past was shown
        self._warned: set[str] = set()  # what stands on the screen, and need not be said of the next session
        self._away: dict[str, str] = {}  # and why servers are not there
        self._met: set[str] = set()  # the other sessions that were told of
        self._began = time.monotonic()
        self._custom: custom_status.CustomStatus | None = None
        self.printer = Printer(terminal, Place(config.cwd, opening.home), self._changed)
        self.printer.writing.is_verbose = config.interface.verbose
        self._asker = Asker(terminal, self.printer, config.cwd, opening.home, self._attention, self._save_plan)
        hands = Hands(self._restore, self._command, self._remember, self._call, self._changed)
        self.talk = Talk(self.printer, hands)
        self.controls = controls = Controls(
            terminal, self.printer, self.talk, keys, leave, self.aside, (config.cwd, opening.home)
        )
        self._window = Attention(terminal.tell, opening.env, config.interface.notifications, config.cwd)
        terminal.bind(app_keys.session_keys(keys, controls.handlers(), terminal.is_free), self._window.keys())
        self._drawing = Drawing(
            self.printer,
            self.talk,
            keys,
            lambda: self.config,
            lambda: terminal.prompt.text,
            lambda: controls.said,
            lambda: terminal.vim,
        )
        terminal.vim_changed = self._vim_changed
        self._drawing.spinner = terminal.marks.spinner
        self._drawing.is_still = opening.is_still or config.interface.reduced_motion
        terminal.stage.live, terminal.stage.status = self._drawing.live, self._drawing.status
        settings = LiveSettings(config.interface, config.home / "settings.json", opening.env, self._set)
        doors = Doors(
            self._reopen, self._later.append, lambda: self.aside(controls.leave_if_sure()), lambda: self.config
        )
        self._desk = TerminalDesk(terminal, self.talk, self.printer, settings, opening.env, doors)

    def emit(self, event: AnyEvent) -> None:
        self.printer.emit(event)

    async def ask(self, request: Request) -> Reply:
        refused = self._terminal.front.refused
        reply = await self._asker.ask(request)
        if refused != self._terminal.front.refused and getattr(request, "agent", "main") != "main":
            self.talk.stop()  # ctrl+c is for all of it: a "no" ends the agent alone
        return reply

    def send(self, entry: Entry) -> None:
        if entry.kind == "command" and self.talk.is_running and dispatch.is_for_any_time(entry.text):
            self.aside(self._command(entry.text))
        else:
            self.talk.take(entry)

    def below(self) -> bool:
        is_running = any(count for count, _ in self.talk.beside)
        if is_running:
            self.aside(self._command("/tasks"))
        return is_running

    def edit(self, text: str) -> None:
        async def edit() -> None:
            edited = await self._terminal.editor(text, "prompt.md")
            if edited is not None:
                self._terminal.set_draft(edited)

        self.aside(edit())

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something beside the run."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What went wrong beside the run is said; the session goes on."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, CoderError):
            _log.error("what was done beside the run failed", exc_info=error)
        self.printer.say(row(("✗ ", "bad"), foreign(str(error)) if isinstance(error, CoderError) else report(error)))

    def begin(self) -> None:
        self._window.begin()
        self._terminal.set_modes(*self._window.modes)
        self.aside(self._tick())

    async def aclose(self) -> None:
        """Ends all that was begun, the session last; what was queued is in the draft then.

        Raises OSError when the terminal is gone."""
        if queued := self.talk.take_back_all():
            self._restore("\n".join(queued))
        for task in tuple(self._tasks):
            task.cancel()
        if self._custom is not None:
            await self._custom.aclose()
        await self.talk.close()
        self._window.end()

    async def open(
        self, config: Config, start: Start | None, greet: Callable[[str], None] = lambda model: None
    ) -> None:
        """`greet` is told the model, before anything of the session is printed. Raises CoderError."""
        self._drawing.goes_on = start is not None and start.goes_on
        session = await self._opening.open(config, self, start)
        greet(session.control.model)
        self.config = config
        self.printer.facts = lambda **now: failing.facts_of(config, session, self._opening.env, **now)
        id, kept = session.facts.session_id, 0.0 if start is None else None
        if start is not None and not self.talk.has_met(id):
            kept = await asyncio.to_thread(kept_cost, config, id)
        self.talk.took(session, kept)
        self._offer()
        self.printer.begins(session.messages)
        for text in session.warnings:
            if text not in config.warnings and text not in self._warned:
                self._warned.add(text)
                self.printer.say(row(("! ", "warn"), foreign(text)))
        if session.facts.session_id != self._told_of:  # else it is on the screen
            resumed.show(self.printer, session)
        self._told_of = session.facts.session_id
        session.points.begin()
        if session.reach is not None:
            self.aside(self._reach(session))
        self.aside(self._meet(session))
        await self._own_status(config)
        self._changed()

    async def _reach(self, session: Session) -> None:
        """Servers begin behind the first paint; those that must be there are awaited here, and nowhere else."""
        session.servers.on_change(self._offer)
        if session.reach is not None:
            session.reach.goes_on(self._away)
        session.servers.begin_soon()
        for text in await session.servers.required() or ():
            self.printer.say(row(("! ", "warn"), foreign(text)))
        session.servers.told()

    async def _meet(self, session: Session) -> None:
        others = [each for each in await session.meet() if each.id not in self._met]
        if others:
            self._met.update(each.id for each in others)
            self.printer.say(meeting.told(others))

    def _offer(self) -> None:
        """What can be completed: a file with a command may have come or gone."""
        if self.talk.is_open:
            session = self.talk.session
            self._terminal.prompt.offer(with_files(session.commands), session.mentionable())
            self._terminal.redraw_soon()  # a menu may be open that holds more by now

    async def _own_status(self, config: Config) -> None:
        """The person's own status line, if they have one."""
        old, self._custom = self._custom, None
        if old is not None:
            await old.aclose()
        if config.interface.status_line is None:
            return
        self._custom = custom_status.CustomStatus(
            config.interface.status_line,
            self._opening.env,
            self._show_own_status,
            lambda: (self._terminal.width, self._terminal.height),
            lambda: custom_status.facts_of(config, self.talk, self.printer, self._began, self._terminal.vim or None),
            colours=self._terminal.theme.has_colour,
        )
        self._custom.update()

    def _vim_changed(self) -> None:
        if self._custom is not None and self.talk.is_open:
            self._custom.update()

    def _show_own_status(self) -> None:
        if self._custom is not None:
            self._terminal.stage.custom = self._custom.text
            self._drawing.has_custom = bool(self._custom.text)
            self._terminal.redraw()

    async def _reopen(self, start: Start | None, changes: dict[str, object]) -> None:
        config, wanted = reopening.changed(self.config, self.talk.session, start, changes)
        old = self.config, reopening.again(self.talk.session)
        reopening.leaves(self.talk.session, start)
        await self.talk.close()
        try:
            await self.open(config, wanted)
        except CoderError:
            await self.open(*old)
            raise

    async def _tick(self) -> None:
        """Draws the clock while a run is on; costs nothing while none is."""
        while True:
            await self._ticking.wait()
            self._ticking.clear()
            while self.printer.board.is_running or self._has_agents:
                self._terminal.redraw_soon()
                await asyncio.sleep(1.0 if self._drawing.is_still else _HEARTBEAT)
            self._terminal.redraw()

    def _changed(self) -> None:
        board = self.printer.board
        if board.is_running or self._has_agents:
            self._ticking.set()
        self._terminal.prompt.keep_queued(self.talk.queued)
        self._window.state("waiting for you" if board.phase == "asking" else "working" if board.is_running else "")
        self._terminal.redraw_soon()

    @property
    def _has_agents(self) -> bool:
        """Whether some are at work: their clocks run, whether a run is on or not."""
        return any(each.state in AT_WORK for each in self.talk.agents)

    def _restore(self, text: str) -> None:
        """Back into the prompt, before what has been typed since."""
        draft = self._terminal.prompt.text
        self._terminal.set_draft(f"{text}\n{draft}" if draft and draft != text else text, restored=True)

    async def _command(self, line: str) -> None:
        await self.talk.opened()
        await dispatch.run_line(self._desk, line)
        self.printer.say(())
        while self._later:
            self.talk.queue(Entry("prompt", self._later.pop(0), command=line))

    async def _remember(self, note: str) -> None:
        """Asks which notes, and adds one."""
        path = await remembering.choose(self._terminal, self.config, self._opening.home)
        if path is not None:
            notes.add_note(path, note)
            name = remembering.name_of(path, self.config.cwd, self._opening.home)
            is_read = self.config.guidance.memory
            said = (
                " · the model reads it with your next message"
                if is_read
                else f" · no notes are read here: name it, @{name}"
            )
            self.printer.say(row(("✓ ", "ok"), f"Noted in {name}", (said, "dim")), ())

    def _save_plan(self, plan: str) -> Path | None:
        try:
            path: Path = plans.save_plan(self.config.home, self.config.cwd, plan)
        except OSError:
            return None
        return path

    def _attention(self, wanted: bool) -> None:
        if wanted:
            self._window.needs_input("")
        self._changed()

    def _call(self, kind: str, words: str) -> None:
        """A run has ended: a notification where the window is not looked at."""
        self._offer()
        match kind:
            case "done":
                self._window.done(self.printer.board.seconds)
            case _:
                self._window.error(words)
        if self._custom is not None:
            self._custom.update()

    def _set(self, key: str, value: object) -> None:
        """A setting was changed: it counts at once."""
        match key:
            case "theme":
                self._terminal.set_theme(
                    theme_of(str(value), self._opening.env, colour=self._opening.colour != "never")
                )
            case "editorMode":
                self._terminal.set_vim(value == "vim")
            case "reducedMotion":
                self._drawing.is_still = bool(value)
            case "verbose":
                self.printer.writing.is_verbose = bool(value)
            case _:
                pass
