"""What the keys of the session do: stop, leave, fold, background, mode, transcript. Must not know their bindings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.core.choices import Mode
from coder.core.lazy import LazyModule
from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.live import is_folded
from coder.frontends.repl.printer import Printer
from coder.frontends.repl.talk import Talk

if TYPE_CHECKING:
    from coder.frontends.repl import leaving, transcript_text
    from coder.frontends.repl.terminal import Terminal
else:
    leaving = LazyModule("coder.frontends.repl.leaving")
    transcript_text = LazyModule("coder.frontends.repl.transcript_text")

_AGAIN = 2.0  # seconds in which the second press leaves
_CYCLE: tuple[Mode, ...] = ("default", "acceptEdits", "plan")


class Controls:
    """`leave` ends the session with an exit code; `aside` starts work beside the run."""

    def __init__(
        self,
        terminal: Terminal,
        printer: Printer,
        talk: Talk,
        keys: Keymap,
        leave: Callable[[int], None],
        aside: Callable[[Coroutine[Any, Any, None]], None],
        places: tuple[Path, Path],
    ) -> None:
        self._terminal = terminal
        self._printer = printer
        self._talk = talk
        self._keys = keys
        self._leave = leave
        self._aside = aside
        self._places = places
        self._asked = self._stopped = -1e9

    def handlers(self) -> dict[str, Callable[[], None]]:
        return {
            "interrupt": self.interrupt,
            "leave": self.end_of_input,
            "transcript": lambda: self._aside(self.transcript()),
            "todo": self.fold,
            "redraw": self._terminal.repaint,
            "suspend": self._terminal.suspend,
            "background": self.background,
            "mode": self.next_mode,
        }

    @property
    def said(self) -> str:
        """What the status row says of a key that waits to be pressed again."""
        waits = self._printer.board.clock() - self._asked < _AGAIN
        return f"press {self._keys.hint('interrupt')} again to leave" if waits else ""

    def interrupt(self) -> None:
        now, prompt = self._printer.board.clock(), self._terminal.prompt
        if now - max(self._stopped, self._terminal.front.refused) < _AGAIN:
            self._leave(130)
        elif self._talk.stop():
            self._stopped = now
        elif prompt.text:
            prompt.clear()
        elif now - self._asked < _AGAIN:
            self._aside(self.leave_if_sure())
        else:
            self._asked = now
            asyncio.get_running_loop().call_later(_AGAIN, self._terminal.redraw)
            self._terminal.redraw()

    def end_of_input(self) -> None:
        if self._terminal.prompt.text:
            self._terminal.prompt.buffer.delete()
        else:
            self._aside(self.leave_if_sure())

    async def leave_if_sure(self) -> None:
        """Asks first where commands or agents would be ended."""
        (tasks, _), (agents, _) = self._talk.beside
        if not tasks + agents or await self._terminal.ask(leaving.LeaveModal(tasks, agents)) == "y":
            self._leave(0)

    def fold(self) -> None:
        board = self._printer.board
        board.folded = not is_folded(board, self._terminal.height)
        self._terminal.redraw()

    def background(self) -> None:
        if not (self._talk.is_open and self._printer.board.calls and self._talk.session.tasks.send_back()):
            self._terminal.prompt.buffer.cursor_left()

    def next_mode(self) -> None:
        self._aside(self._next_mode())

    async def _next_mode(self) -> None:
        session = await self._talk.opened()
        cycle: tuple[Mode, ...] = (*_CYCLE, "bypassPermissions") if session.facts.may_bypass else _CYCLE
        at = cycle.index(session.control.mode) if session.control.mode in cycle else -1
        session.control.set_mode(cycle[(at + 1) % len(cycle)])
        self._terminal.redraw()

    async def transcript(self) -> None:
        terminal, (folder, home) = self._terminal, self._places
        draw = transcript_text.Drawing(terminal.width, terminal.theme, folder, home)
        asked = "".join(f"{terminal.theme.paint(each)}\n" for each in self._printer.asked_about)
        text = "\n".join(each for each in (self._printer.transcript.text(draw), asked) if each)
        await terminal.pager(text or "Nothing was said yet.\n")
