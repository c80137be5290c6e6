"""The live rows at the bottom of the terminal: what is above the prompt, its rules, its menu, the status below it.

Where rows are few, the rules go, then the prompt, when something stands in front of it. Must not know sessions or keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.data_structures import Point
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.layout import ConditionalContainer, HSplit, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension

from coder.frontends.render.marks import Marks
from coder.frontends.repl.front import Front
from coder.frontends.repl.modal import Shape
from coder.frontends.repl.screen import Screen
from coder.frontends.styled import Row, harmless, row

if TYPE_CHECKING:
    from coder.frontends.repl.prompt import Prompt

_NARROWEST, _LOWEST = 40, 10


class Stage:
    """`live` and `status` tell what is drawn above and below the prompt at this moment. `screen` is asked for when
    something is drawn: it is made of the application that `container` is shown in."""

    def __init__(self, prompt: Prompt, front: Front, marks: Marks, screen: Callable[[], Screen]) -> None:
        self.live: Callable[[int, int], list[Row]] = lambda width, height: []
        self.status: Callable[[int], Row] = lambda width: ()
        self.custom: str | None = None  # status rows of the person's own, with their colours
        self._prompt = prompt
        self._front = front
        self._marks = marks
        self._screen = screen
        self._shape = Shape([])
        is_asking = front.is_asking
        above = FormattedTextControl(
            self._above, focusable=is_asking, get_cursor_position=self._cursor, show_cursor=True
        )
        self._above_window = Window(above, height=self._above_height, always_hide_cursor=~is_asking)
        self.container = self._made()

    @property
    def focused(self) -> Window:
        return self._prompt.window if self._front.modal is None else self._above_window

    @property
    def room(self) -> int:
        """How many rows a question can have; where they are few, the prompt goes first."""
        if self._height < _LOWEST:
            return max(self._height - 1, 1)
        return self._height - (5 if self._width >= _NARROWEST else 3)

    @property
    def _width(self) -> int:
        return self._screen().width

    @property
    def _height(self) -> int:
        return self._screen().height

    def _made(self) -> HSplit:
        shows_prompt = Condition(self._shows_prompt)
        has_rules = shows_prompt & Condition(lambda: self._width >= _NARROWEST and self._height >= _LOWEST)
        has_menu = Condition(lambda: self._front.modal is None and bool(self._prompt.menu_rows(self._width)))
        has_custom = Condition(lambda: bool(self.custom))
        rule = Window(
            FormattedTextControl(lambda: self._drawn([row((self._marks.rule * self._width, "dim"))])), height=1
        )
        menu = FormattedTextControl(lambda: self._drawn(self._prompt.menu_rows(self._width)))
        status = FormattedTextControl(lambda: self._drawn([self.status(self._width)]))
        custom = FormattedTextControl(lambda: ANSI(self.custom or ""))
        return HSplit(
            [
                self._above_window,
                ConditionalContainer(rule, has_rules),
                ConditionalContainer(self._prompt.window, shows_prompt),
                ConditionalContainer(rule, has_rules),
                ConditionalContainer(Window(menu, dont_extend_height=True), has_menu),
                ConditionalContainer(Window(custom, dont_extend_height=True), shows_prompt & ~has_menu & has_custom),
                ConditionalContainer(Window(status, height=1), shows_prompt & ~has_menu),
            ]
        )

    def _shows_prompt(self) -> bool:
        modal = self._front.modal
        return modal is None or (modal.keeps_prompt and self._height >= _LOWEST)

    def _above(self) -> StyleAndTextTuples:
        return self._drawn(self._shape.rows)

    def _above_height(self) -> Dimension:
        """Asked first at each drawing: makes what is shown above the prompt."""
        width, height = self._width, self._height
        modal = self._front.modal
        if modal is not None:
            self._front.was_drawn()
            room = self.room if modal.keeps_prompt else max(height - 1, 1)
            shape = modal.shape(width, room)
            if not self._screen().is_blank and len(shape.rows) < room:
                shape = shape.below_blank()
            self._shape = shape.within(room)
        else:
            self._shape = Shape(self.live(width, height))
        return Dimension.exact(len(self._shape.rows))

    def _cursor(self) -> Point:
        y, x = self._shape.caret
        return Point(x=x, y=y)

    def _drawn(self, rows: Iterable[Row]) -> StyleAndTextTuples:
        drawn: StyleAndTextTuples = []
        for at, each in enumerate(self._marks.cut(rows, self._width)):
            if at:
                drawn.append(("", "\n"))
            drawn += [(f"class:{span.style}" if span.style else "", harmless(span.text)) for span in each]
        return drawn
