"""Prints above the prompt without leaving raw mode, and shows nothing twice. Must not know what is printed.

The live rows are erased, the text is written, the live rows are drawn again: in one go, at most 15 times a second
(measured in ux notes: a key typed meanwhile is not echoed into the text, and the terminal is never cleared).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from prompt_toolkit.application import Application
from prompt_toolkit.layout.screen import Screen as Drawn

from coder.frontends.repl.output import Output
from coder.frontends.repl.reflow import rows_more

INTERVAL = 1 / 15
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"  # drawn as one picture, where the terminal knows how


class Screen:
    """`hold` while something else has the terminal: what is printed then comes later. `reflows`: the terminal wraps its
    rows anew when it is made narrower; `keeps_erased`: with what stood in them before, which is blank now."""

    def __init__(
        self, app: Application[object], output: Output, *, reflows: bool = False, keeps_erased: bool = False
    ) -> None:
        self._app = app
        self._output = output
        self._reflows = reflows
        self._keeps_erased = keeps_erased
        self._reach: dict[int, int] = {}  # the widest that each live row has been since they were erased
        self._drawn_columns = 0
        self._drawn_at = 0.0
        self._soon: asyncio.TimerHandle | None = None
        self._waiting: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self.is_blank = True  # the last line, or there is none
        self.is_held = False
        app.after_render += self._note

    @property
    def width(self) -> int:
        return max(self._output.get_size().columns, 1)

    @property
    def height(self) -> int:
        return max(self._output.get_size().rows, 1)

    def print(self, lines: Iterable[str]) -> None:
        """Each line without its end; colours are allowed, no line is wider than the terminal. Never two empty ones."""
        for line in lines:
            if line or not self.is_blank:
                self._waiting.append(line)
            self.is_blank = not line
        if self._waiting and self._timer is None:
            loop = asyncio.get_running_loop()
            delay = max(0.0, self._last + INTERVAL - loop.time())
            self._timer = loop.call_later(delay, self.flush)

    def flush(self) -> None:
        """Prints what waits, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting or self.is_held:
            return
        text = "".join(f"{line}\r\n" for line in self._waiting)
        self._waiting.clear()
        self._last = asyncio.get_running_loop().time()
        output = self._output
        with output.kept(), output.of_one_size():
            if self._app.is_running:
                output.write_raw(_BEGIN)
                self.erase()
            output.write_raw(text)
            if self._app.is_running:
                self._app.render_counter += 1  # or the rows of the last drawing would be drawn again
                self._app.renderer.render(self._app, self._app.layout)
                self._note()
                output.write_raw(_END)
        output.flush()

    def draw_soon(self) -> None:
        """Draws the live rows anew: what changes by itself does so at most 15 times a second."""
        if self._soon is None and self._timer is None:
            loop = asyncio.get_running_loop()
            self._soon = loop.call_later(max(0.0, self._drawn_at + INTERVAL - loop.time()), self._draw_now)

    def erase(self) -> None:
        """Takes the live rows away, wherever the terminal has put them; written with what is drawn next."""
        with self._output.kept():
            self._output.cursor_up(self._moved())
            self._app.renderer.erase()
        self._reach.clear()

    @property
    def is_moved(self) -> bool:
        """Whether the terminal has another width than what is drawn on it."""
        return self.width != self._drawn_columns

    def hold(self) -> None:
        self.flush()
        self.is_held = True

    def release(self) -> None:
        self.is_held = False
        self._reach.clear()  # the live rows were taken away by others
        self.flush()

    def _draw_now(self) -> None:
        self._soon = None
        self._app.invalidate()

    def _note(self, _: object = None) -> None:
        self._drawn_columns = self.width
        self._drawn_at = asyncio.get_running_loop().time()
        drawn = self._app.renderer.last_rendered_screen
        if self._keeps_erased and drawn is not None:
            for y in range(drawn.height):
                self._reach[y] = max(self._reach.get(y, 0), _width(drawn, y))

    def _moved(self) -> int:
        """How many rows the terminal has put between the first live row and the caret since they were drawn."""
        drawn, columns = self._app.renderer.last_rendered_screen, self.width
        if drawn is None or not self._reflows or columns >= self._drawn_columns:
            return 0
        caret = drawn.get_cursor_position(self._app.layout.current_window)
        widths = (max(_width(drawn, y), self._reach.get(y, 0)) for y in range(caret.y))
        return rows_more(widths, caret.x, columns)


def _width(drawn: Drawn, y: int) -> int:
    return max((x + cell.width for x, cell in drawn.data_buffer[y].items() if cell.char.strip()), default=0)
