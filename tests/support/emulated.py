"""The terminal of the tests: pyte's, with what terminals do on a change of size, and with letters that draw nothing."""

from __future__ import annotations

from typing import Any

import pyte
from wcwidth import wcwidth


class EmulatedScreen(pyte.HistoryScreen):
    """`reflows`: rows that do not fit any more are wrapped, as most terminals do; else they are cut, as xterm does."""

    reflows = False

    def draw(self, data: str) -> None:
        # pyte drops all that comes after such a letter in the same piece.
        super().draw("".join(char for char in data if wcwidth(char) > 0))

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        lines, columns = lines or self.lines, columns or self.columns
        rows = [[self.buffer[y][x] for x in range(self.columns)] for y in range(self._used)]
        y, x = self.cursor.y, self.cursor.x
        if self.reflows and columns < self.columns:
            rows, y, x = _wrapped(rows, y, x, columns)
        gone = max(len(rows) - lines, 0)
        super().resize(lines, columns)
        self.buffer.clear()
        for at, row in enumerate(rows):
            line = self.buffer[at - gone] if at >= gone else self.buffer[-1]
            line.update(enumerate(row[:columns]))
            if at < gone:
                self.history.top.append(self.buffer.pop(-1))
        self.cursor.y, self.cursor.x = max(y - gone, 0), min(x, columns - 1)

    @property
    def _used(self) -> int:
        filled = (y for y in range(self.lines) if any(char.data.strip() for char in self.buffer[y].values()))
        return max(self.cursor.y, *filled, 0) + 1


def _wrapped(rows: list[list[Any]], y: int, x: int, columns: int) -> tuple[list[list[Any]], int, int]:
    made: list[list[Any]] = []
    caret = (0, 0)
    for at, row in enumerate(rows):
        used = max((place + 1 for place, char in enumerate(row) if char.data.strip()), default=0)
        used = max(used, x + 1) if at == y else used
        if at == y:
            caret = len(made) + x // columns, x % columns
        made += [row[start : start + columns] for start in range(0, max(used, 1), columns)]
    return made, *caret
