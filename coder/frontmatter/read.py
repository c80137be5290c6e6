"""Splits a Markdown file into its head (`---`, YAML, `---`) and its body. Total: every text gives a head and a body.

Must not know which keys there are, nor what reads the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, NamedTuple

from coder.core.dataclass import dataclass
from coder.frontmatter.simple import Chunk, as_text, chunks, simple
from coder.frontmatter.values import Unreadable, read

LIMIT = 64 * 1024  # characters of a head
_FENCE = "---"


class Problem(NamedTuple):
    """What is wrong with a head, at which line of the file (1-based)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """`meta` holds texts, numbers, booleans, lists and objects; `lines` the line of each key in the file, 1-based.

    `written` is what stands behind the colon of each key, on its own line, as it was typed. `body` is the rest, which
    begins at line `first_line`.
    """

    body: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    first_line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


def split(text: str) -> Head:
    """Never raises. Line ends become `\\n`; a byte order mark is dropped. A head that is no YAML is read line by line,
    and what it is read as is a problem too.
    """
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = _start(text)
    if start is None:
        return Head(text)
    opening, skipped = start
    end = _end(text, opening)
    if end is None:
        line = f"line {skipped + 1}"
        return Head(text, problems=(Problem(skipped + 1, f"the head that begins at {line} has no closing ---"),))
    problems = [Problem(1, "the head does not begin on the first line: take out the empty lines")] if skipped else []
    closing, after = end
    inner, body = text[opening : max(opening, closing - 1)], text[after:]
    first = skipped + 2  # the line of the first key
    first_line = text.count("\n", 0, closing) + 2
    if len(inner) > LIMIT:
        problems.append(Problem(first, f"the head is longer than {LIMIT // 1024} KiB, so none of it is used"))
        return Head(body, {}, first_line, {}, tuple(problems))
    lines = inner.split("\n")
    meta, places = _values(inner, lines, first, problems)
    written = {key: _written(lines[number]) for key, number in places.items()}
    placed = {key: number + first for key, number in places.items()}
    return Head(body, meta, first_line, placed, tuple(problems), written)


def _start(text: str) -> tuple[int, int] | None:
    """Where the line after the opening fence begins, and how many empty lines stand before the fence."""
    skipped = 0
    if not text.startswith(_FENCE):
        rest = text.lstrip(" \t\n")
        if not rest.startswith(_FENCE):
            return None
        before = text[: len(text) - len(rest)]
        if not before.endswith("\n"):
            return None
        skipped = before.count("\n")
        # An empty line and a rule is how a text may begin; a key behind it makes it a head.
        second = rest.split("\n", 2)[1:2]
        if not second or not chunks(second)[0]:
            return None
    position = text.find(_FENCE)
    end = text.find("\n", position)
    if end < 0 or text[position:end].rstrip() != _FENCE:
        return None
    return end + 1, skipped


def _end(text: str, opening: int) -> tuple[int, int] | None:
    """Where the closing fence is, and where the body begins."""
    position = opening
    while True:
        position = text.find(_FENCE, position)
        if position < 0:
            return None
        line_end = text.find("\n", position)
        stop = len(text) if line_end < 0 else line_end
        if (position == opening or text[position - 1] == "\n") and text[position:stop].rstrip() == _FENCE:
            return position, min(len(text), stop + 1)
        position += len(_FENCE)


def _values(inner: str, lines: list[str], first: int, problems: list[Problem]) -> tuple[dict[str, Any], dict[str, int]]:
    easy = simple(lines)
    if easy is not None:
        return easy
    try:
        found = read(inner)
    except Unreadable as error:
        return _by_key(lines, first, problems, error)
    problems += [Problem(first + line, f"{key} stands twice: the last one counts") for key, line in found.repeated]
    return found.value, found.lines


def _by_key(
    lines: list[str], first: int, problems: list[Problem], error: Unreadable
) -> tuple[dict[str, Any], dict[str, int]]:
    """Each key by itself: the one that is no YAML is taken as text, and spoils none of the others."""
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    parts, stray = chunks(lines)
    if not parts:
        problems.append(Problem(first + error.line, f"the head cannot be read: {error}; none of it is used"))
        return values, places
    problems += [Problem(first + number, "this line of the head belongs to no `key:`") for number in stray[:3]]
    before = len(problems)
    for chunk in parts:
        if chunk.key in values:
            problems.append(Problem(first + chunk.line, f"{chunk.key} stands twice: the last one counts"))
        values[chunk.key] = _value(chunk, first, problems)
        places[chunk.key] = chunk.line
    if len(problems) == before and not stray:  # each is fine alone, not all of them together
        problems.append(Problem(first + error.line, f"the head is read line by line: {error}"))
    return values, places


def _value(chunk: Chunk, first: int, problems: list[Problem]) -> Any:
    try:
        return read("\n".join((f"{chunk.key}: {chunk.first}", *chunk.rest))).value[chunk.key]
    except (Unreadable, KeyError) as error:
        why = str(error) if isinstance(error, Unreadable) else "not valid YAML"
        line = first + chunk.line + (error.line if isinstance(error, Unreadable) else 0)
        problems.append(Problem(line, f"{chunk.key} is read as plain text: {why}"))
        return as_text(chunk)


def _written(line: str) -> str:
    return line.partition(":")[2].strip()
