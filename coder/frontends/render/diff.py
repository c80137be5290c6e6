"""What an edit changed, as rows with line numbers. Pure; must not know calls or a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from coder.core.messages import Json
from coder.core.visible import visible
from coder.frontends.amounts import counted
from coder.frontends.evidence import Evidence
from coder.frontends.evidence import Row as Line
from coder.frontends.folding import fold_row, hard_ranges, narrowed, sliced
from coder.frontends.render.code import highlighted
from coder.frontends.styled import Row, Span, Style, row

_STYLES: dict[str, Style] = {"+": "added", "-": "removed", " ": ""}
_TAB = "→   "
_MOST_BLANKS = 40
_NARROW = 16  # below this there is no room for numbers


def change_of(hunks: object, *, is_new: bool = False) -> Evidence:
    """The change that `structuredPatch` tells of. What is no hunk is left out: it may come from an old transcript."""
    lines: list[Line] = []
    for hunk in hunks if isinstance(hunks, Sequence) else ():
        if isinstance(hunk, dict):
            lines += [Line("gap", None, "")] * bool(lines)
            lines += _lines(hunk)
    added, removed = (sum(line.mark == mark for line in lines) for mark in "+-")
    return Evidence(tuple(lines), added, removed, is_new)


def diff_rows(lines: Iterable[Line], width: int, *, language: str = "") -> list[Row]:
    """Each line with its number and mark; one that is too long goes on below itself, nothing of it is moved. With a
    `language` its syntax is coloured: worth it where backgrounds tell what was added and removed."""
    lines = list(lines)
    marked = _syntax(lines, language) if language else {}
    made: list[Row] = []
    for at, line in enumerate(lines):
        if line.mark == "gap":
            made.append(row(("   …" if width > 4 else "…", "dim")))
            continue
        number = "" if line.number is None else str(line.number)
        lead = f"{number:>4} " if width >= _NARROW else ""
        style = _STYLES[line.mark]
        pieces = marked.get(at, [(line.text, style)])
        room = max(width - len(lead) - 1, 1)
        pieces = [(narrowed(text, room), piece_style) for text, piece_style in pieces]
        parts = sliced(pieces, hard_ranges("".join(text for text, _ in pieces), room))
        for number_of_part, part in enumerate(parts):
            before = Span(" " * len(lead) if number_of_part else lead, "dim")
            mark = " " if number_of_part else line.mark
            spans = [Span(text, piece_style) for text, piece_style in part]
            made.append(_trimmed((before, Span(mark, style), *spans) if width > 1 else tuple(spans)))
    return made


def folded_diff(change: Evidence, width: int, hint: str, *, most_new: int = 0, language: str = "") -> list[Row]:
    """Its first lines when they are many, and how many more there are; `hint` says how to see them. Of a new file
    `most_new` lines are shown, where that is set."""
    shown, more = change.shown, change.more
    if change.is_new and most_new:
        left = len(change.rows) - most_new
        shown, more = change.rows[:most_new], f"… {counted(left, 'more line')}" if left > 0 else ""
    rows = diff_rows(shown, width, language=language)
    return [*rows, *fold_row(row((f"  {more} · {hint}", "dim")), width, 4)] if more else rows


def evidence_rows(title: str, change: Evidence, width: int, hint: str, *, language: str = "") -> list[Row]:
    """What is printed above the question about an edit; `title` names it ("Edit app.py"), safe to print."""
    rows = fold_row(row((title, "bold"), (f" · {change.counts}", "dim")), width)
    if change.note:
        rows += fold_row(row(("  ! ", "warn"), change.note), width, 4)
    return [*rows, *folded_diff(change, width, hint, language=language)]


def _trimmed(given: Row) -> Row:
    """Without blanks at its end, and with neighbours of one style as one."""
    made: list[Span] = []
    for text, style in given:
        if made and made[-1].style == style:
            made[-1] = Span(made[-1].text + text, style)
        elif text:
            made.append(Span(text, style))
    while made and not made[-1].text.strip(" "):
        made.pop()
    return (*made[:-1], Span(made[-1].text.rstrip(" "), made[-1].style)) if made else ()


def _lines(hunk: Json) -> Iterator[Line]:
    old, new = (start if isinstance(start := hunk.get(f"{side}Start"), int) else 1 for side in ("old", "new"))
    lines = hunk.get("lines")
    for text in lines if isinstance(lines, list) else ():
        mark, body = str(text)[:1], str(text)[1:]
        if mark == "\\":
            yield Line(" ", None, str(text))
        elif mark == "-":
            yield Line("-", old, _shown(body))
        else:
            yield Line("+" if mark == "+" else " ", new, _shown(body))
        old += mark in ("-", " ", "")
        new += mark in ("+", " ", "")


def _shown(text: str) -> str:
    """A line of code: its indentation may be deep, and a tab in it is an arrow, so that it differs from blanks."""
    body = text.lstrip(" \t")
    return text[: len(text) - len(body)].replace("\t", _TAB) + visible(body.replace("\n", " "), blanks=_MOST_BLANKS)


def _syntax(lines: Sequence[Line], language: str) -> dict[int, list[tuple[str, Style]]]:
    """The pieces of each line, by its place. Both sides are read as the code they are."""
    made: dict[int, list[tuple[str, Style]]] = {}
    for gone in ("+", "-"):
        places = [at for at, line in enumerate(lines) if line.mark not in (gone, "gap")]
        code = highlighted("\n".join(lines[at].text for at in places), language)
        if len(code) == len(places):
            # What stays is taken as it is afterwards.
            for at, pieces in zip(places, code, strict=True):
                if gone == "-" or lines[at].mark == "-":
                    made[at] = [(text, cast("Style", style)) for text, style in pieces]
    return made
