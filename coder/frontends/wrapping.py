"""Breaks text into rows no wider than a terminal, and loses none of it. Pure; measures cells, not characters."""

from __future__ import annotations

import re

from rich.cells import cell_len

# A blank behind a backslash belongs to its word: a row that ends in `\` goes on without a blank.
_TOKEN = re.compile(r" +|(?:\\.|[^ \\]|\\\Z)+")
_GOES_ON = "\\"


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """One line of text as rows: `first` stands before it, `rest` before what does not fit.

    Rows break at blanks. A word wider than a row is broken with a `\\` at its end, as a shell would have it. `width`
    leaves at least four cells beside `first` and `rest`. The text has no line ends and no control characters.
    """
    rows: list[str] = []
    row, used, start = first, cell_len(first), cell_len(first)
    for token in _TOKEN.findall(text):
        size = cell_len(token)
        if used + size > width and used > start and token[0] != " " and cell_len(rest) + size <= width:
            rows.append(row.rstrip(" "))
            row, used, start = rest, cell_len(rest), cell_len(rest)
        if used + size <= width:
            row, used = row + token, used + size
        elif token[0] == " ":
            row, used = row + " " * (width - used), width
        else:
            inside = False
            for char in token:
                size = cell_len(char)
                if used + size > width - 1:
                    rows.append(row + _GOES_ON if inside else row.rstrip(" "))
                    row, used, start = rest, cell_len(rest), cell_len(rest)
                row, used, inside = row + char, used + size, True
    return [*rows, row.rstrip(" ")]
