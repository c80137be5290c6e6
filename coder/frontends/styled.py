"""Rows of text with a meaning to each part, as all screens are made of. Pure; must not know colours or a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from wcwidth import wcwidth

from coder.core.visible import visible, visible_line

_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]")

Style: TypeAlias = Literal[
    "",
    "dim",  # secondary
    "bold",  # the one thing to read
    "ok",  # ✓
    "bad",  # ✗
    "warn",  # ! and ?
    "chosen",  # the chosen row, beside its ❯
    "added",  # + of a diff
    "removed",  # - of a diff
    "you",  # what the person said
    "code",
]


class Span(NamedTuple):
    """A stretch of text that is safe to print: no control characters, no line ends."""

    text: str
    style: Style = ""


Row: TypeAlias = tuple[Span, ...]


def row(*parts: str | tuple[str, Style]) -> Row:
    """`row(("✓ ", "ok"), "Read app.py", (" · 3 lines", "dim"))`. The caller vouches for the texts; see `foreign`."""
    return tuple(Span(part) if isinstance(part, str) else Span(*part) for part in parts)


def rows_of(texts: Iterable[str], style: Style = "") -> list[Row]:
    return [(Span(text, style),) for text in texts]


def foreign(text: str) -> str:
    """Text that comes from a model, a tool, a file or a title, safe on one row: nothing in it is unseen."""
    return visible_line(text)


def harmless(text: str) -> str:
    """The last door before the terminal: whoever forgot `foreign` shows escapes, and nothing obeys them."""
    return _COMMANDS.sub(lambda match: visible(match[0]).replace("\n", "\\n"), text)


def plain(given: Row) -> str:
    return "".join(span.text for span in given)


def width_of(given: Row) -> int:
    """In cells."""
    from_text = plain(given)
    if from_text.isascii():
        return len(from_text)
    return sum(map(cells, from_text))


def cells(char: str) -> int:
    """How many cells a character takes: 0, 1 or 2."""
    return max(wcwidth(char), 0)


def cut(given: Row, width: int) -> Row:
    """The row, ended with `…` where it is wider than `width` cells."""
    if width_of(given) <= width:
        return given
    kept: list[Span] = []
    left = width - 1
    for span in given:
        text = ""
        for char in span.text:
            size = cells(char)
            if size > left:
                return (*kept, Span(f"{text}…", span.style)) if width > 0 else ()
            text, left = text + char, left - size
        kept.append(span)
    return tuple(kept)


def columns(table: Sequence[Sequence[str]], gap: int = 3) -> list[list[str]]:
    """The cells of a table, each but the last of a line padded to the width of its column and `gap` more."""
    widths = [max(sum(map(cells, line[at])) for line in table) for at in range(len(table[0]) - 1)] if table else []
    return [
        [
            text + " " * (widths[at] - sum(map(cells, text)) + gap) if at < len(widths) else text
            for at, text in enumerate(line)
        ]
        for line in table
    ]
