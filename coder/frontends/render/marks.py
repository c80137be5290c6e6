"""The marks of the screen, and their forms where a terminal cannot show them or shows them too wide. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.frontends.folding import fold_rows
from coder.frontends.styled import Row, Span, cut, width_of

MarkSet: TypeAlias = Literal["unicode", "narrow", "ascii"]

# Two cells in the fonts of Chinese, Japanese and Korean terminals.
_AMBIGUOUS = {"·": "-", "…": "...", "→": "->", "←": "<-", "↑": "^", "↓": "v", "─": "-", "│": "|", "×": "x", "’": "'"}
_OTHERS = {
    "❯": ">",
    "✓": "ok",
    "✗": "x",
    "▸": "*",
    "☐": "[ ]",
    "⎿": "|",
    "↳": "+>",
    "▶": ">>",
    "◀": "<<",
    "—": "-",
    "“": '"',
    "”": '"',
}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "-\\|/"
_TABLES: dict[MarkSet, dict[int, str]] = {
    "unicode": {},
    "narrow": str.maketrans(_AMBIGUOUS),
    "ascii": str.maketrans({**_AMBIGUOUS, **_OTHERS, **dict.fromkeys(_FRAMES, "*")}),
}
_COERCED = ("C.UTF-8", "C.utf8")  # what Python itself puts there where the locale is C, or is not installed
_WIDE_LANGUAGES = ("ja", "ko", "zh")


@dataclass(frozen=True, slots=True)
class Marks:
    """`kind` says which characters may be used: all, those that are one cell wide everywhere, or ASCII."""

    kind: MarkSet = "unicode"

    def text(self, text: str) -> str:
        """The text in characters this terminal can show; what it has no mark for becomes `?`."""
        if self.kind == "unicode" or text.isascii():
            return text
        return self.narrowed(text.translate(_TABLES[self.kind]))

    def narrowed(self, text: str) -> str:
        """The text with `?` for each character that cannot be shown: never wider than it was."""
        return text.encode("ascii", "replace").decode("ascii") if self.kind == "ascii" else text

    def row(self, row: Row) -> Row:
        return row if self.kind == "unicode" else tuple(Span(self.text(text), style) for text, style in row)

    def rows(self, rows: Iterable[Row], width: int) -> list[Row]:
        """The rows, folded again where other marks made them too wide."""
        return fold_rows(map(self.row, rows), width)

    def cut(self, rows: Iterable[Row], width: int) -> Iterable[Row]:
        """The rows, each ended with `…` where other marks made it too wide."""
        if self.kind == "unicode":
            return rows
        end = self.text("…")
        return [self._cut(self.row(each), width, end) for each in rows]

    def _cut(self, given: Row, width: int, end: str) -> Row:
        if width_of(given) <= width:
            return given
        *kept, (last, style) = cut(given, max(width - len(end) + 1, 1))
        return (*kept, Span(last.removesuffix("…") + end[: max(width, 0)], style))

    @property
    def spinner(self) -> str:
        """Its frames, ten a second, each a cell wide."""
        return _ASCII_FRAMES if self.kind == "ascii" else _FRAMES

    @property
    def you(self) -> str:
        return self.text("❯")

    @property
    def rule(self) -> str:
        return self.text("─")


ALL_MARKS = Marks()


def marks_of(env: Mapping[str, str], *, ambiguous_wide: bool | None = None) -> Marks:
    """The marks for a locale. `ambiguous_wide` is the setting of that name, None when it is not set."""
    given = {name: value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := env.get(name))}
    if given.get("LC_CTYPE") in _COERCED:
        del given["LC_CTYPE"]
    locale = next(iter(given.values()), "")
    if locale.lower().replace("-", "").rpartition(".")[2].partition("@")[0] != "utf8":
        return Marks("ascii")
    language = env.get("LC_ALL") or env.get("LANG") or locale
    wide = language.startswith(_WIDE_LANGUAGES) if ambiguous_wide is None else ambiguous_wide
    return Marks("narrow" if wide else "unicode")
