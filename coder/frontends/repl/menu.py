"""The menu below the prompt: what can be chosen, which is chosen, and its rows. Must not know keys or files."""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.frontends.styled import Row, Span, Style, columns, cut, foreign, plain, width_of

MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """`text` replaces what was typed of it. `runs`: enter sends it at once, else it is completed. `note` stands at the
    right."""

    text: str
    cells: tuple[str, ...]
    runs: bool = False
    note: str = ""


@dataclass(slots=True)
class Menu:
    """`start` is where in the draft begins what a choice replaces. `tail` ends the key line."""

    choices: tuple[Choice, ...]
    start: int
    keys: str = ""
    chosen: int = 0

    @property
    def choice(self) -> Choice | None:
        return self.choices[self.chosen] if self.choices else None

    def move(self, by: int) -> None:
        if self.choices:
            self.chosen = (self.chosen + by) % len(self.choices)

    def rows(self, width: int, most: int = MOST_ROWS) -> list[Row]:
        """At most `most` rows, the chosen one among them, and the key line."""
        first = max(0, min(self.chosen - most // 2, len(self.choices) - most))
        shown = self.choices[first : first + most]
        texts = [[foreign(cell) for cell in choice.cells] for choice in shown]
        rows = [
            _row("".join(line), choice.note, first + at == self.chosen, width)
            for at, (line, choice) in enumerate(zip(columns(texts, gap=3), shown, strict=True))
        ]
        return [*rows, cut((Span(f"  {self.keys}", "dim"),), width)] if self.keys else rows


def _row(text: str, note: str, chosen: bool, width: int) -> Row:
    style: Style = "chosen" if chosen else ""
    mark = "❯ " if chosen else "  "
    if not note:
        return cut((Span(mark + text, style),), width)
    end = f"   {note}"
    left = cut((Span(mark + text, style),), max(width - width_of((Span(end),)), 2))
    gap = " " * max(0, min(width, 80) - len(end) - width_of(left))
    return cut((Span(plain(left) + gap, style), Span(end, "dim")), width)
