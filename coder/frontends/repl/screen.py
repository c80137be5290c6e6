"""Prints above the prompt without leaving raw mode, and shows nothing twice. Must not know what is printed.

The live rows are erased, the text is written, the live rows are drawn again: in one go, at most 15 times a second
(measured in ux notes: a key typed meanwhile is not echoed into the text, and the terminal is never cleared).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from prompt_toolkit.application import Application

INTERVAL = 1 / 15
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"  # drawn as one picture, where the terminal knows how


class Screen:
    """`hold` while something else has the terminal: what is printed then comes later."""

    def __init__(self, app: Application[object]) -> None:
        self._app = app
        self._waiting: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self.is_blank = True  # the last line, or there is none
        self.is_held = False

    @property
    def width(self) -> int:
        return max(self._app.output.get_size().columns, 1)

    @property
    def height(self) -> int:
        return max(self._app.output.get_size().rows, 1)

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
        output, renderer = self._app.output, self._app.renderer
        if not self._app.is_running:
            output.write_raw(text)
            output.flush()
            return
        output.write_raw(_BEGIN)
        renderer.erase()
        output.write_raw(text)
        self._app.render_counter += 1  # or the rows of the last drawing would be drawn again
        renderer.render(self._app, self._app.layout)
        output.write_raw(_END)
        output.flush()

    def hold(self) -> None:
        self.flush()
        self.is_held = True

    def release(self) -> None:
        self.is_held = False
        self.flush()
