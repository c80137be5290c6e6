"""Markdown as rows: blocks that are finished for good, and the tail that still grows. Must not know a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from coder.frontends.folding import folded, hard_ranges, narrowed, size_of, sliced
from coder.frontends.render import blocks
from coder.frontends.render.blocks import Blocks
from coder.frontends.render.clean import clean_prose
from coder.frontends.render.code import highlighted
from coder.frontends.render.inline import Line, inline
from coder.frontends.render.marks import ALL_MARKS, Marks
from coder.frontends.render.table import table_rows
from coder.frontends.render.theme import Theme
from coder.frontends.styled import Row, Span

__all__ = ["Blocks", "code_rows", "markdown_rows", "markdown_text", "tail_rows", "text_width"]

_WIDE, _WRAP = 120, 100
_DEEPEST = 6  # quotes in quotes that are drawn as such
_ANCHOR = 2048
_IN = 2
_OURS = re.compile(r"[❯✓✗?!▸☐↳⎿✔✘✖❱›](?: |\Z)")
_OURS_IN_ASCII = re.compile(r"(?:[?!>*x]|ok|\[ \]|\+>) ")
_Pieces: TypeAlias = list[tuple[str, str]]
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]*(.*?)(?:[ \t]+#+)?[ \t]*\Z", re.DOTALL)
_QUOTED = re.compile(r"[ \t]*>? ?")
_TASK = re.compile(r"\[([ xX])\][ \t]+")


class _Look(NamedTuple):
    """`literal`: without colours the marks of emphasis and headings stay."""

    literal: bool
    marks: Marks


def text_width(width: int) -> int:
    """Where text wraps in a terminal of that width: long lines are hard to read."""
    return _WRAP if width >= _WIDE else max(width, 1)


def markdown_text(text: str, width: int, theme: Theme, marks: Marks = ALL_MARKS) -> list[str]:
    """The painted rows of a whole text."""
    made = Blocks()
    return [row for block in [*made.feed(text), *made.end()] for row in markdown_rows(block, width, theme, marks)]


def markdown_rows(block: str, width: int, theme: Theme, marks: Marks = ALL_MARKS) -> list[str]:
    """The painted rows of a block, none wider than `width` cells. Colours end with their row."""
    look, ours = _Look(not theme.has_colour, marks), _OURS_IN_ASCII if marks.kind == "ascii" else _OURS
    rows = _apart(lambda width: _rows(marks.text(block), width, look, 0), width, ours)
    painted = [theme.painted((text, theme.sgr(style)) for text, style in row) for row in rows]
    # Entities of the text may stand for characters that it did not have.
    return [marks.narrowed(row) for row in painted]


def _apart(make: Callable[[int], list[_Pieces]], width: int, ours: re.Pattern[str] = _OURS) -> list[_Pieces]:
    """Rows that could pass for coder's own, or for a question's, stand in by two: the first column is ours."""
    rows = make(width)
    if width <= _IN or not any(ours.match("".join(text for text, _ in row)) for row in rows):
        return rows
    return [[(" " * _IN, ""), *row] if row else row for row in make(width - _IN)]


def code_rows(code: str, language: str, width: int) -> list[list[tuple[str, str]]]:
    """Code with the names of its styles, from the first column on, broken only where a row is full."""
    made: list[list[tuple[str, str]]] = []
    for line in highlighted(code, language):
        pieces = [(narrowed(text, width), style) for text, style in line]
        made += sliced(pieces, hard_ranges("".join(text for text, _ in pieces), width))
    return made


def tail_rows(tail: str, width: int, most_rows: int) -> list[Row]:
    """The last rows of a text that still grows, plain. Looks at no more of it than is shown, about."""
    width = text_width(width)
    made: list[Row] = []
    for line in reversed(tail.rsplit("\n", most_rows)[-most_rows:] if most_rows > 0 else []):
        if len(line) > 2 * _ANCHOR:  # from a place that stays the same while the line grows
            line = line[(len(line) // _ANCHOR - max(1, most_rows * width // _ANCHOR + 1)) * _ANCHOR :]
        rows = [
            tuple(Span(text) for text, _ in row)
            for row in _apart(lambda width, line=line: folded([(clean_prose(line), "")], width), width)  # type: ignore[misc]  # bound at once
        ]
        made = [*rows, *made]
        if len(made) >= most_rows:
            break
    return made[-most_rows:]


def _rows(block: str, width: int, look: _Look, depth: int) -> list[list[tuple[str, str]]]:
    apart = block.startswith("\n")
    rows = _body(block[1:] if apart else block, max(width, 1), look, depth)
    return [[], *rows] if apart and rows else rows


def _body(block: str, width: int, look: _Look, depth: int) -> list[list[tuple[str, str]]]:
    first, _, rest = block.partition("\n")
    wide, width = width, text_width(width)
    literal, marks = look
    if found := blocks.FENCE.match(first):
        lines = rest.split("\n")[:-1]
        language = found[3].strip().partition(" ")[0].lower()
        return code_rows("\n".join(lines), language, wide) if lines else []
    if blocks.RULE.match(first):
        return [[(marks.rule * width, "dim")]]
    if blocks.HEADING.match(first) and (heading := _HEADING.match(first)):
        prefix = f"{heading[1]} " if literal else ""
        return _hung(inline(heading[2], "bold", literal=literal), width, prefix, "")
    if depth < _DEEPEST and blocks.QUOTE.match(first):
        return _quote(block, width, look, depth)
    if rest and blocks.is_table(first, rest.partition("\n")[0]):
        return [list(row) for row in table_rows(block, width, literal=literal, dash=marks.rule)]
    if rest and "\n" not in rest and blocks.UNDERLINE.match(rest):
        prefix = f"{'#' if '=' in rest else '##'} " if literal else ""
        return _hung(inline(first.strip(" \t"), "bold", literal=literal), width, prefix, "")
    return _paragraph(first, rest, width, look)


def _paragraph(first: str, rest: str, width: int, look: _Look) -> list[list[tuple[str, str]]]:
    """A paragraph or list item, as far in as it was written."""
    text = first.lstrip(" \t")
    indent = " " * size_of(first[: len(first) - len(text)].expandtabs(4))
    mark = ""
    if found := blocks.ITEM.match(first):
        text = first[found.end() :]
        mark = f"{'-' if found[2] in '*+' else found[2]} "
        if task := _TASK.match(text):
            text, mark = text[task.end() :], look.marks.text("☐ " if task[1] == " " else "✓ ")
    lines = [text, *(line.strip(" \t") for line in rest.split("\n"))] if rest else [text]
    return _hung(inline("\n".join(lines), literal=look.literal), width, indent + mark, indent + " " * size_of(mark))


def _quote(block: str, width: int, look: _Look, depth: int) -> list[list[tuple[str, str]]]:
    inner = "\n".join(_QUOTED.sub("", line, count=1) for line in block.split("\n"))
    bar = look.marks.text("│ ") if width >= 8 else ""
    made = Blocks()
    rows = [
        row for part in [*made.feed(inner), *made.end()] for row in _rows(part, width - size_of(bar), look, depth + 1)
    ]
    return [[(bar if row else bar.rstrip(), "dim"), *row] for row in rows] if bar else rows


def _hung(lines: list[Line], width: int, first: str, rest: str) -> list[list[tuple[str, str]]]:
    """The lines as rows, `first` before the first of them and `rest` before the others."""
    size = size_of(first)
    if 2 * size > width or size + 2 > width:  # too narrow to be set in
        lines = [[(first.lstrip(" "), ""), *lines[0]], *lines[1:]]
        first = rest = ""
    made: list[list[tuple[str, str]]] = []
    for line in lines:
        for row in folded(line, width - size_of(first)):
            lead = rest if made else first
            made.append([(lead, ""), *row] if lead and row else [(lead.rstrip(" "), ""), *row])
    return made
