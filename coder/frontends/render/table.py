"""A Markdown table: aligned columns where they fit, `Header: value` lines where not. Pure; must not know colours."""

from __future__ import annotations

import re

from coder.frontends.folding import folded, size_of
from coder.frontends.render.inline import Line, inline

_BAR = re.compile(r"(?<!\\)\|")
_GAP = "   "


def table_rows(source: str, width: int, *, literal: bool = False, dash: str = "─") -> list[Line]:
    """Rows of at most `width` cells. `source` has a row of headers and a row of dashes at least."""
    head, dashes, *body = source.split("\n")
    rights = [cell.endswith(":") and not cell.startswith(":") for cell in _cells(dashes)]
    headers = [_line(cell, bold=True, literal=literal) for cell in _cells(head)]
    table = [[_line(cell, literal=literal) for cell in _cells(line)] for line in body]
    count = max(map(len, [headers, *table]))
    for line in (headers, *table):
        line += [[]] * (count - len(line))
    widths = [max(_size(line[at]) for line in (headers, *table)) for at in range(count)]
    if sum(widths) + len(_GAP) * (count - 1) > width:
        return _listed(headers, table, width)
    rights += [False] * count
    rule: Line = [(_GAP.join(dash * size for size in widths), "dim")]
    return (
        [_aligned(line, widths, rights) for line in (headers,)]
        + [rule]
        + [_aligned(line, widths, rights) for line in table]
    )


def _cells(line: str) -> list[str]:
    text = line.strip().removeprefix("|")
    text = text[:-1] if text.endswith("|") and not text.endswith("\\|") else text
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(text)]


def _line(cell: str, *, bold: bool = False, literal: bool = False) -> Line:
    return [piece for line in inline(cell, "bold" if bold else "", literal=literal) for piece in line]


def _size(line: Line) -> int:
    return sum(size_of(text) for text, _ in line)


def _aligned(line: list[Line], widths: list[int], rights: list[bool]) -> Line:
    made: Line = []
    for at, cell in enumerate(line):
        gap = _GAP if at else ""
        pad = " " * (widths[at] - _size(cell))
        made += [(gap + pad, ""), *cell] if rights[at] else [(gap, ""), *cell, (pad, "")]
    while made and not made[-1][0].strip(" "):
        made.pop()
    return made


def _listed(headers: list[Line], table: list[list[Line]], width: int) -> list[Line]:
    made: list[Line] = []
    for number, line in enumerate(table):
        if number:
            made.append([])
        for header, cell in zip(headers, line, strict=True):
            if cell:
                name: Line = [*header, (": ", "")] if header else []
                made += folded([*name, *cell], width)
    return made or [piece for header in headers for piece in folded(header, width)]
