"""Breaks text and styled rows at words, by the cells they take. Pure; must not know Markdown or colours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import TypeAlias, TypeVar
from unicodedata import category

from coder.frontends.styled import Row, Span, cells

T = TypeVar("T")
Piece: TypeAlias = "tuple[str, T]"

# What is two cells wide may stand at the end of a row: scripts without blanks break between characters.
_WIDE = (
    "\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003fffd"
)
_TOO_WIDE = "?"


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    # Signs that are written beside a letter are a cell of their own in most terminals.
    return 1 if category(char) == "Mc" else cells(char)


@cache
def _token() -> re.Pattern[str]:
    """Made when something has to be broken: it takes longer than all else of this module."""
    return re.compile(rf" +|[{_WIDE}]|[^ {_WIDE}]+")


def size_of(text: str) -> int:
    """In cells."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def ranges(text: str, width: int, rest: int = 0) -> list[tuple[int, int]]:
    """Where the rows of one line begin and end: broken at blanks, which go, or within a word wider than a row.

    `rest` cells stand before each row but the first. There is always a row, and each takes a character at least.
    """
    if size_of(text) <= width:
        return [(0, len(text.rstrip(" ")))]
    made: list[tuple[int, int]] = []
    start = used = 0
    room, later = max(width, 1), max(width - rest, 1)
    for found in _token().finditer(text):
        at, end = found.span()
        size = end - at if text[at] == " " else size_of(found[0])
        if used + size <= room:
            used += size
            continue
        if text[at] == " ":
            if used or not made:
                made.append((start, at))
                start, used, room = end, 0, later
            else:
                start = end
            continue
        if size <= later and used and text[start:at].strip(" "):
            made.append((start, at))
            start, used, room = at, 0, later
        while size > room - used:  # wider than a whole row: cut where the row ends
            taken = max(_reach(text, at, end, room - used), at + (start == at))
            made.append((start, taken))
            at = start = taken
            size, used, room = size_of(text[at:end]), 0, later
            if at == end:
                break
        used += size
    if start < len(text) or not made:
        made.append((start, len(text)))
    return [(begin, begin + len(text[begin:end].rstrip(" "))) for begin, end in made]


def hard_ranges(text: str, width: int) -> list[tuple[int, int]]:
    """Where the rows of a line of code begin and end: full rows, nothing moved, nothing dropped."""
    width = max(width, 1)
    if text.isascii():
        return [(at, min(at + width, len(text))) for at in range(0, len(text), width)] or [(0, 0)]
    made: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = max(_reach(text, at, len(text), width), at + 1)
        made.append((at, end))
        at = end
    return made or [(0, 0)]


def _reach(text: str, at: int, end: int, width: int) -> int:
    """How far from `at` the text fits into `width` cells, marks that draw over the last character included."""
    used = 0
    for here in range(at, end):
        used += _cells(text[here])
        if used > width:
            return here
    return end


def sliced(pieces: Sequence[tuple[str, T]], parts: Iterable[tuple[int, int]]) -> list[list[tuple[str, T]]]:
    """The pieces cut along ranges of their joined text, which are in order and do not overlap."""
    made: list[list[tuple[str, T]]] = []
    index = passed = 0
    for begin, end in parts:
        row: list[tuple[str, T]] = []
        while index < len(pieces) and passed + len(pieces[index][0]) <= begin:
            passed += len(pieces[index][0])
            index += 1
        here, before = index, passed
        while here < len(pieces) and before < end:
            text, tag = pieces[here]
            part = text[max(begin - before, 0) : end - before]
            if part:
                row.append((part, tag))
            if before + len(text) > end:
                break
            before += len(text)
            here += 1
        index, passed = here, before
        made.append(row)
    return made


def narrowed(text: str, width: int) -> str:
    """The text for a terminal in which not even one wide character fits."""
    if width > 1 or text.isascii():
        return text
    return "".join(_TOO_WIDE if _cells(char) > width else char for char in text)


def folded(pieces: Sequence[tuple[str, T]], width: int, rest: int = 0) -> list[list[tuple[str, T]]]:
    """Pieces of one line as rows of at most `width` cells, `rest` of them kept free from the second row on."""
    pieces = [(narrowed(text, width), tag) for text, tag in pieces]
    return sliced(pieces, ranges("".join(text for text, _ in pieces), width, rest))


def fold_row(given: Row, width: int, hang: int = 2) -> list[Row]:
    """A row as rows that fit; from the second on they begin with `hang` blanks, or with what there is room for."""
    hang = max(min(hang, width // 2, width - 2), 0)
    rows = [tuple(Span(*piece) for piece in row) for row in folded(given, width, hang)]
    return [row if not at or not hang else (Span(" " * hang), *row) for at, row in enumerate(rows)]


def fold_rows(rows: Iterable[Row], width: int, hang: int | None = None) -> list[Row]:
    """Rows that fit. Without `hang` what goes on is indented as its row is, and two cells where that begins with a
    mark."""
    return [part for each in rows for part in fold_row(each, width, _indent(each) if hang is None else hang)]


def _indent(given: Row) -> int:
    text = "".join(span.text for span in given)
    return max(2, len(text) - len(text.lstrip(" ")))
