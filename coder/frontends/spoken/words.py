"""Rows as they are read aloud: no marks, no columns, no signs. Pure."""

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
