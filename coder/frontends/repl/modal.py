"""What stands in front of the prompt and takes the keys until it is answered: a question, a picker, a page, a line.

Must not know the terminal. Keys come by name ("up", "enter", "esc", "ctrl+e"), typed text as "text" with its data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from coder.core.dataclass import dataclass
from coder.frontends.repl.field import Field
from coder.frontends.styled import Row, Span, cells, cut, plain, row, width_of

if TYPE_CHECKING:
    from coder.frontends.picker import Page

Cursor = tuple[int, int]
"""Row and column, from 0."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn: `cursor` is where the caret stands, None to hide it."""

    rows: list[Row]
    cursor: Cursor | None = None

    def below_blank(self) -> Shape:
        return Shape([(), *self.rows], (self.cursor[0] + 1, self.cursor[1]) if self.cursor else None)

    def within(self, most: int) -> Shape:
        """Its last rows, which are the choices, and always the one that is chosen; the row of the caret is long enough
        for it to stand there."""
        first = min(max(len(self.rows) - most, 0), self.caret[0])
        rows = self.rows[first : first + most]
        if self.cursor is None:
            return Shape(rows)
        y, x = self.cursor[0] - first, self.cursor[1]
        rows[y] = (*rows[y], Span(" " * max(x + 1 - width_of(rows[y]), 0)))
        return Shape(rows, (y, x))

    @property
    def caret(self) -> Cursor:
        """Row, and how many characters stand before it there; where nothing is typed, the chosen row."""
        if self.cursor is None:
            chosen = (at for at, each in enumerate(self.rows) if plain(each[:1]).startswith("❯"))
            return next(chosen, max(len(self.rows) - 1, 0)), 0
        y, x = self.cursor
        text = plain(self.rows[y]) if self.rows else ""
        at = 0
        while at < len(text) and x >= cells(text[at]) > 0:
            x, at = x - cells(text[at]), at + 1
        return y, at


class Modal(Protocol):
    keeps_prompt: bool  # the prompt stays in view
    grace: float  # seconds in which keys go to the draft

    @property
    def step(self) -> int:
        """Which of its questions it puts."""
        ...

    def shape(self, width: int, height: int) -> Shape: ...

    def press(self, key: str, data: str) -> bool:
        """True when it is over; `result` is then what came of it."""
        ...

    @property
    def result(self) -> object: ...


class PageModal:
    keeps_prompt = False
    grace = 0.0
    step = 0

    def __init__(self, page: Page) -> None:
        self._page = page
        self._first = 0
        self._room = 1
        self.result: str = "esc"

    def shape(self, width: int, height: int) -> Shape:
        rows = [cut(each, width) for each in self._page.rows]
        self._room = max(height - 1, 1)
        last = max(len(rows) - self._room, 0)
        self._first = min(self._first, last)
        keys = [f"{each.key} {each.label}" for each in self._page.keys]
        if last:
            keys.append("↑ ↓ scroll")
        line = row((f"  {' · '.join([*keys, 'esc leaves'])}", "dim"))
        return Shape([*rows[self._first : self._first + self._room], cut(line, width)])

    def press(self, key: str, data: str) -> bool:
        name = {" ": "space"}.get(data, data) if key == "text" else key
        if name in {each.key for each in self._page.keys}:
            self.result = name
            return True
        match name:
            case "up" | "k":
                self._first = max(self._first - 1, 0)
            case "down" | "j":
                self._first += 1
            case "pageup":
                self._first = max(self._first - self._room, 0)
            case "pagedown" | "space":
                self._first += self._room
            case "esc" | "enter" | "q" | "ctrl+c":
                return True
            case _:
                pass
        return False


class LineModal:
    keeps_prompt = False
    grace = 0.0
    step = 0

    def __init__(self, title: str, initial: str = "", *, secret: bool = False) -> None:
        self._title = title
        self._field = Field(initial, secret=secret)
        self.result: str | None = None

    def shape(self, width: int, height: int) -> Shape:
        field, column = self._field.row(width)
        rows = [
            cut(row((self._title, "bold")), width),
            field,
            cut(row(("  enter takes it · esc leaves", "dim")), width),
        ]
        return Shape(rows, (1, column))

    def press(self, key: str, data: str) -> bool:
        if key == "enter":
            self.result = self._field.text
            return True
        if key in ("esc", "ctrl+c"):
            return True
        self._field.press(key, data)
        return False
