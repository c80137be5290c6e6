"""What the live rows and the status row say at this moment. Must not know the terminal, nor keys but their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.frontends.amounts import counted
from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.live import SPINNER, Look, is_folded, live_rows
from coder.frontends.repl.printer import Printer
from coder.frontends.repl.status import Status, mode_row, status_before, status_row
from coder.frontends.repl.talk import Talk
from coder.frontends.styled import Row

if TYPE_CHECKING:
    from coder.models import catalog
else:
    catalog = LazyModule("coder.models.catalog")

_SHELL = "runs in your shell, output goes to the model"
_SOON = 80  # per cent


class Drawing:
    """`config` is the one that counts now, `draft` what stands in the prompt, `instead` what the status row says, `vim`
    the mode of the keys."""

    def __init__(
        self,
        printer: Printer,
        talk: Talk,
        keys: Keymap,
        config: Callable[[], Config],
        draft: Callable[[], str],
        instead: Callable[[], str],
        vim: Callable[[], str],
    ) -> None:
        self._printer = printer
        self._talk = talk
        self._keys = keys
        self._config = config
        self._draft = draft
        self._instead = instead
        self._vim = vim
        self.is_still = False
        self._height = 0  # of the terminal, when it was drawn last
        self.spinner = SPINNER
        self.has_custom = False
        """Whether the person's own rows tell of model, context and cost."""
        self.goes_on = False
        """Whether the session that is being opened has a past, and with it a model, a context and a cost."""

    def live(self, width: int, height: int) -> list[Row]:
        keys = self._keys
        self._height = height
        hints = (keys.hint("stop"), keys.hint("background"), keys.hint("todo"), keys.hint("transcript"))
        look = Look(width, height, self.is_still, *hints, self.spinner)
        tail = self._printer.writing.tail(max(height // 3, 1))
        return live_rows(self._printer.board, tail, look, self._talk.agents)

    def status(self, width: int) -> Row:
        config, talk = self._config(), self._talk
        instead = self._instead() or (_SHELL if self._draft().startswith("!") else "")
        own = config.interface.status_line
        vim = self._vim() if own is None or not own.hides_vim else ""
        if not talk.is_open:
            return status_row(status_before(config, self._hint(), vim, goes_on=self.goes_on, instead=instead), width)
        control = talk.session.control
        share = self.share
        if self.has_custom and not instead:
            return mode_row(control.mode, self._hint(), width, vim)
        soon = (share or 0) >= _SOON
        return status_row(
            Status(control.mode, control.model, share, talk.cost, self._hint(), soon, instead, vim), width
        )

    @property
    def share(self) -> int | None:
        """How full the context is, in per cent; None where the window is not known."""
        window = catalog.describe(self._talk.session.control.model).context_window
        return min(round(100 * self._printer.context / window), 100) if window else None

    def _hint(self) -> str:
        if self._printer.board.phase == "asking":
            return ""  # the question names its own keys
        if self._printer.board.is_running:
            return f"{self._keys.hint('stop')} stops it"
        running = [counted(count, what) for count, what in self._talk.beside if count]
        if running:
            return f"{', '.join(running)} running ↓"
        if self._printer.board.todos and self._printer.board.open_todos:
            shows = is_folded(self._printer.board, self._height)
            return f"{self._keys.hint('todo')} {'shows' if shows else 'hides'} todo"
        return "? for shortcuts" if not self._draft() else ""
