"""Rows, times and sums of money as they are read aloud: no marks, no columns, no signs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.frontends.styled import Row, plain

_MARKS = {"✓": "done:", "✗": "failed:", "!": "warning:", "?": "question:", "▸": "now:", "☐": "to do:", "↳": "queued:"}
_FIRST = re.compile(r"\s*([✓✗!?▸☐↳])\s+")
_CHOSEN = re.compile(r"\s*❯\s+")
_DRAWN = re.compile(r"[\s\[\]#.\-=_*─-╿▀-▟⠀-⣿]+")
_GAP = re.compile(r"\s{2,}")
_DOT = re.compile(r"\s+·\s+")
_ARROW = re.compile(r"\s*→\s*")


def spoken_rows(rows: Iterable[Row]) -> list[str]:
    """Each row as a line; what is only drawn is left out."""
    return [line for each in rows if (line := spoken_row(each))]


def spoken_row(row: Row) -> str:
    return spoken_text(plain(row))


def spoken_text(text: str) -> str:
    """`✓ Read app.py · 3 lines` is `done: Read app.py, 3 lines`; `Model      opus · low` is `Model: opus, low`."""
    if _DRAWN.fullmatch(text) or not text.strip():
        return ""
    text = _CHOSEN.sub("", text, count=1) if _CHOSEN.match(text) else text
    mark = _FIRST.match(text)
    label = f"{_MARKS[mark[1]]} " if mark else ""
    text = text[mark.end() :] if mark else text.strip()
    head, *cells = _GAP.split(text.strip())
    if cells:
        text = f"{head}{' ' if head.endswith(':') else ': '}{', '.join(cells)}"
    return label + _ARROW.sub(" to ", _DOT.sub(", ", text)).strip()


def took(seconds: float) -> str:
    """`0.4s`, `12s`, `1m 30s`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    return whole(seconds)


def whole(seconds: float) -> str:
    """`6s`, `1m 30s`, `2h 5m`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def money(dollars: float | None) -> str:
    """`4 cents`, `$1.20`."""
    if dollars is None:
        return "cost unknown"
    cents = round(dollars * 100)
    if not dollars:
        return "no cost"
    if cents < 1:
        return "less than 1 cent"
    return counted(cents, "cent") if cents < 100 else f"${cents / 100:,.2f}"


def counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
