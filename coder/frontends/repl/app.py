"""The interactive session, from its first row to its last: the prompt stands there before anything heavy is loaded."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from coder.config.credentials import lacks_key
from coder.core.errors import CoderError
from coder.core.lazy import LazyModule
from coder.frontends.crash import report
from coder.frontends.exit_codes import FAILED
from coder.frontends.render import ending
from coder.frontends.render.marks import marks_of
from coder.frontends.render.theme import theme_of
from coder.frontends.repl import app_keys, keymap, welcome
from coder.frontends.repl.early import EarlyKeys
from coder.frontends.repl.entry import Entry
from coder.frontends.repl.opening import Opening
from coder.frontends.repl.output import Output
from coder.frontends.repl.prompt import Place, Prompt
from coder.frontends.repl.status import status_before, status_row
from coder.frontends.repl.terminal import Terminal
from coder.frontends.slash.registry import BUILT_IN
from coder.frontends.standing import is_elsewhere
from coder.frontends.styled import Row, foreign, row
from coder.models import catalog

if TYPE_CHECKING:
    from coder.app.starting import Start
    from coder.config import question
    from coder.frontends import doorstep, session_picker
    from coder.frontends.repl.works import Works
else:  # most sessions do without
    question = LazyModule("coder.config.question")
    doorstep = LazyModule("coder.frontends.doorstep")
    session_picker = LazyModule("coder.frontends.session_picker")

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


async def run(opening: Opening) -> int:
    """The whole life of an interactive session. Returns the exit code; the terminal is left as it was."""
    return await Repl(opening).run()


def _goes_on(start: Start | None) -> bool:
    return start is not None and start.goes_on


class Repl:
    """Implements `host.Host`, what the prompt asks for. What is sent before the works are there waits for them."""

    def __init__(self, opening: Opening) -> None:
        config = opening.config
        self._opening = opening
        self._config = config
        self._code = 0
        self._failure: BaseException | None = None
        self._works: Works | None = None
        self._early: list[Entry] = []
        self._keys = keymap.load(config.home / "keybindings.json")
        place = Place(config.cwd, config.home if config.persist else None, opening.env)
        marks = marks_of(opening.env, ambiguous_wide=config.interface.ambiguous_wide)
        self._prompt = Prompt(self, place, self._keys, BUILT_IN, mark=marks.you)
        output = Output.made(sys.stdout, opening.env.get("TERM"))
        theme = theme_of(config.interface.theme, opening.env, colour=opening.colour != "never")
        self._terminal = Terminal(self._prompt, theme, opening.env, output, marks)
        self._terminal.set_vim(config.interface.vim)
        self._terminal.stage.status = self._first_status
        self._keys_before = early = EarlyKeys(self._prompt, self.leave)
        self._terminal.bind(app_keys.session_keys(self._keys, early.handlers(), self._terminal.is_free))

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._went_wrong)
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.leave, 128 + number)
        loop.add_signal_handler(signal.SIGTSTP, self._terminal.suspend)
        loop.add_signal_handler(signal.SIGCONT, self._terminal.go_on)
        if self._is_ready() and not _goes_on(self._opening.start):
            self._welcome(self._model())
            self._terminal.screen.flush()
        life: list[asyncio.Task[None]] = []
        try:
            await self._terminal.run(lambda: life.append(self._begin()))
        except (EOFError, OSError):
            self._code = self._code or 129  # the terminal is gone
        finally:
            for task in life:
                task.cancel()
            with suppress(OSError):
                await self._end()
            for number in (*_SIGNALS, signal.SIGTSTP, signal.SIGCONT):
                loop.remove_signal_handler(number)
        if self._failure is None:
            return self._code
        if isinstance(self._failure, CoderError):
            raise self._failure
        _log.error("the session failed", exc_info=self._failure)
        with suppress(OSError):
            sys.stderr.write(f"coder: {report(self._failure)}\n")
        return FAILED

    def _went_wrong(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A bug outside of every task of ours, as in a drawing: nothing of it may reach the screen."""
        _log.error("%s", context.get("message"), exc_info=context.get("exception"))

    def send(self, entry: Entry) -> None:
        if self._works is None:
            self._early.append(entry)
        else:
            self._works.send(entry)

    def is_running(self) -> bool:
        return self._works is not None and self._works.printer.board.is_running

    def stop(self) -> bool:
        return self._works is not None and self._works.talk.stop()

    def rewind(self) -> None:
        if self._works is not None and not self._works.talk.is_running:
            self._works.talk.take(Entry("command", "/rewind"))

    def take_back(self) -> str | None:
        return self._works.talk.take_back() if self._works is not None else None

    def below(self) -> bool:
        return self._works is not None and self._works.below()

    def edit(self, text: str) -> None:
        if self._works is not None:
            self._works.edit(text)

    def redraw(self) -> None:
        self._terminal.redraw()

    def leave(self, code: int = 0) -> None:
        self._code = code
        if self._works is not None and self._works.talk.is_open:
            self._works.talk.session.points.leaving = "prompt_input_exit"
        self._terminal.stop()

    def _is_ready(self) -> bool:
        """Whether nothing has to be asked before the session."""
        trust = self._config.trust
        return not lacks_key(self._config.model) and not (trust is not None and trust.off) and not self._opening.chooses

    def _first_status(self, width: int) -> Row:
        own = self._config.interface.status_line
        vim = self._terminal.vim if own is None or not own.hides_vim else ""
        goes_on = self._opening.chooses or _goes_on(self._opening.start)
        return status_row(status_before(self._config, "? for shortcuts", vim, goes_on=goes_on), width)

    def _model(self) -> str:
        """The one that a new session asks."""
        return catalog.resolve(self._config.model.name, self._config.env)

    def _begin(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._life())
        task.add_done_callback(self._died)
        return task

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self._terminal.stop()

    async def _life(self) -> None:
        opening, terminal = self._opening, self._terminal
        start = opening.start
        if not self._is_ready():
            prepared = await doorstep.prepare(terminal, self._config, opening.reload, opening.env, opening.home)
            if isinstance(prepared, int):
                self.leave(prepared)
                return
            self._config = prepared
            if opening.chooses and (start := await self._chosen()) is None:
                self.leave()
                return
            if not _goes_on(start):
                self._welcome(self._model())
        loaded = await asyncio.to_thread(import_module, "coder.frontends.repl.works")  # keys are taken meanwhile
        works: Works = loaded.Works(opening, self._config, terminal, self._keys, self.leave)
        works.begin()
        self._works = works
        if opening.play is None and not self._prompt.text and not self._early:
            self._prompt.restore()
        for _ in range(self._keys_before.modes):
            works.controls.next_mode()
        for entry in self._early:
            works.send(entry)
        if _goes_on(start):  # it has a model of its own
            await works.open(self._config, start, self._welcome)
        else:
            await works.open(self._config, start)
        if opening.prompt:
            works.send(Entry("prompt", opening.prompt))
        if opening.play is not None:
            await opening.play(terminal, self._prompt, works.talk)
            self.leave()

    async def _chosen(self) -> Start | None:
        return await session_picker.choose(self._terminal, self._config.home, self._config.cwd)

    def _welcome(self, model: str) -> None:
        config = self._config
        told = ending.Opening(
            version=self._opening.version,
            model=model,
            folder=self._opening.short(config.cwd),
            branch=welcome.branch_of(config.cwd),
            mode=config.mode,
            trust_problem="untrusted" if config.trust is not None and config.trust.own_off else "",
        )
        rows = ending.welcome_rows(told)
        known = question.notice(config.trust) if config.trust is not None and config.trust.own_off else ""
        warnings = [text for text in (*config.warnings, *self._keys.warnings) if text != known]
        self._terminal.say([*rows, *(row(("! ", "warn"), foreign(text)) for text in warnings), ()])

    async def _end(self) -> None:
        """Closes the session, then says how to go on with it. Raises OSError when the terminal is gone."""
        works, screen = self._works, self._terminal.screen
        screen.is_held = False
        try:
            if works is not None:
                await works.aclose()
        finally:
            self._prompt.close()  # the last to say what is kept of the draft
            screen.flush()
        if works is None:
            return
        talk = works.talk
        if talk.prompts and self._opening.play is None:
            rows = ending.exit_rows(
                title=talk.title,
                prompts=talk.prompts,
                files_changed=len(talk.changed_files),
                cost=talk.cost,
                session=talk.session_id,
                elsewhere=is_elsewhere(self._config.cwd),
            )
            self._terminal.say(rows)
            screen.flush()
