"""Rows made to fit a width: broken at blanks, the rest further in. Pure; measures cells, keeps each part's meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from coder.frontends.styled import Row, Span, Style, cells

_TOKEN = re.compile(r" +|[^ ]+")


def folded(given: Row, width: int, hang: int = 2) -> list[Row]:
    """At least one row, none wider than `width`; from the second on they begin with `hang` blanks. A word that is wider
    than a row is cut where the row ends. Only blanks at an end of a row are lost."""
    if width < 2:
        return [given] if not any(span.text for span in given) else list(_single(given, max(width, 1)))
    hang = min(hang, max(0, width // 2 - 1))
    rows = _Rows(width, hang)
    for span in given:
        for token in _TOKEN.findall(span.text):
            rows.put(token, span.style)
    return rows.done()


def folded_all(rows: Iterable[Row], width: int, hang: int = 2) -> list[Row]:
    return [made for each in rows for made in folded(each, width, hang)]


def _single(given: Row, width: int) -> Iterator[Row]:
    for span in given:
        for char in span.text:
            yield (Span(char if cells(char) <= width else "?", span.style),)


class _Rows:
    def __init__(self, width: int, hang: int) -> None:
        self._width, self._hang = width, hang
        self._rows: list[Row] = []
        self._row: list[Span] = []
        self._used = 0
        self._is_start = True

    def put(self, token: str, style: Style) -> None:
        size = sum(map(cells, token))
        if token[0] == " ":
            if self._used + size <= self._width:
                self._add(token, style, size)
            elif not self._is_start:
                self._break()
            return
        if self._used + size > self._width and not self._is_start and self._hang + size <= self._width:
            self._break()
        if self._used + size <= self._width:
            self._add(token, style, size)
        else:
            self._add_cut(token, style)
        self._is_start = False

    def done(self) -> list[Row]:
        return [*self._rows, self._ended()]

    def _add(self, text: str, style: Style, size: int) -> None:
        self._row.append(Span(text, style))
        self._used += size

    def _add_cut(self, token: str, style: Style) -> None:
        text, used = "", self._used
        for char in token:
            size = cells(char)
            if used + size > self._width:
                self._row.append(Span(text, style))
                self._break()
                text, used = "", self._used
            text, used = text + char, used + size
        self._row.append(Span(text, style))
        self._used = used

    def _break(self) -> None:
        self._rows.append(self._ended())
        self._row = [Span(" " * self._hang)] if self._hang else []
        self._used, self._is_start = self._hang, True

    def _ended(self) -> Row:
        """Parts of one meaning side by side are one part."""
        joined: list[Span] = []
        for span in self._row:
            if joined and joined[-1].style == span.style:
                joined[-1] = Span(joined[-1].text + span.text, span.style)
            elif span.text:
                joined.append(span)
        while joined and not (text := joined[-1].text.rstrip(" ")):
            joined.pop()
        return (*joined[:-1], Span(text, joined[-1].style)) if joined else ()
