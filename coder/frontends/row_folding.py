"""Breaks rows of spans at blanks into rows no wider than a width. Pure; must not know a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.frontends.styled import Row, Span, Style, cells, plain, width_of

_TOKEN = re.compile(r" +|[^ ]+")
_ROOM = 4  # cells that are left beside the indentation


def folded(given: Row, width: int, indent: int = 0) -> list[Row]:
    """The row as rows of at most `width` cells (taken as 1 at least); what goes on begins with `indent` blanks.

    A character that is wider than a whole row is left out: there is no place for it.
    """
    width = max(width, 1)
    if width_of(given) <= width:
        return [given]
    indent = min(indent, max(width - _ROOM, 0))
    folding = _Folding(width, indent)
    for span in given:
        for token in _TOKEN.findall(span.text):
            folding.add(token, span.style)
    return folding.done()


def folded_all(rows: Iterable[Row], width: int, indent: int = 0) -> list[Row]:
    return [each for given in rows for each in folded(given, width, indent)]


def between(left: Row, right: Row, width: int) -> Row | None:
    """Both on one row, the second at its right end; None when they do not fit."""
    room = width - width_of(left) - width_of(right)
    return (*left, Span(" " * room), *right) if room >= 2 or not plain(right) else None


class _Folding:
    def __init__(self, width: int, indent: int) -> None:
        self._width = width
        self._indent = indent
        self._rows: list[Row] = []
        self._row: list[Span] = []
        self._used = 0
        self._is_begun = False  # something stands in the row beside its indentation

    def add(self, token: str, style: Style) -> None:
        size = sum(map(cells, token))
        if token[0] == " ":
            if self._used + size <= self._width:
                self._put(token, size, style, begins=not self._rows)
            elif self._is_begun:
                self._next()
            return
        if self._used + size > self._width and self._is_begun and self._indent + size <= self._width:
            self._next()
        if self._used + size <= self._width:
            self._put(token, size, style)
            return
        for char in token:
            size = cells(char)
            if size > self._width - self._indent:
                continue
            if self._used + size > self._width:
                self._next()
            self._put(char, size, style)

    def done(self) -> list[Row]:
        if self._is_begun or not self._rows:
            self._end()
        return self._rows

    def _put(self, text: str, size: int, style: Style, *, begins: bool = True) -> None:
        if not begins and not self._is_begun:
            return  # no blanks at the start of what goes on
        if self._row and self._row[-1].style == style:
            self._row[-1] = Span(self._row[-1].text + text, style)
        else:
            self._row.append(Span(text, style))
        self._used += size
        self._is_begun = self._is_begun or text[0] != " "

    def _next(self) -> None:
        self._end()
        self._row = [Span(" " * self._indent)] if self._indent else []
        self._used, self._is_begun = self._indent, False

    def _end(self) -> None:
        while self._row and not self._row[-1].text.rstrip(" ") and len(self._row) > 1:
            self._row.pop()
        if self._row:
            last = self._row[-1]
            self._row[-1] = Span(last.text.rstrip(" "), last.style)
        self._rows.append(tuple(self._row))
