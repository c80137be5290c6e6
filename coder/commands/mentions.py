"""Finds the files that a text mentions: `@src/app.py`, `@docs/`, `@"with space.md"`, `@app.py#L3-20`. Pure.

What stands in code is no mention. Must not know whether there is such a file, or who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from coder.core.dataclass import dataclass

MOST = 20
_MENTION = re.compile(
    r"(?<![^\s(\[\"'])@(?:\"(?P<quoted>[^\"\n]{1,1000})\"|(?P<bare>(?:\$\{\w+\}|[^\s\"'`<>|,;(){}\[\]\\]){1,1000}))"
)
_LINES = re.compile(r"#L(\d{1,7})(?:-L?(\d{1,7}))?\Z")
_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)
_TICKS = re.compile(r"`+")
_ENDS_OF_SENTENCES = ".:!?…*_"


@dataclass(frozen=True, slots=True)
class Mention:
    """`path` as it was written. `first` and `last` are lines from 1, 0 where all of the file is meant."""

    path: str
    first: int = 0
    last: int = 0

    @property
    def spellings(self) -> tuple[str, ...]:
        """What may be meant, the likeliest first: a full stop may end the sentence and not the name."""
        bare = self.path.rstrip(_ENDS_OF_SENTENCES)
        return (self.path, bare) if bare and bare != self.path else (self.path,)


def mention_of(written: str) -> Mention:
    """A path that may end in the lines that are meant."""
    found = _LINES.search(written.rstrip(_ENDS_OF_SENTENCES))
    if found is None or not found.start():
        return Mention(written)
    first, last = int(found[1]), int(found[2] or found[1])
    return Mention(written[: found.start()], max(first, 1), max(first, last, 1))


def written_mentions(text: str) -> Iterator[str]:
    """The paths that a text mentions outside code, as they are written, in order; no more than are ever attached."""
    count, code = 0, _code(text)
    span = next(code, None)
    for found in _MENTION.finditer(text):
        while span is not None and span[1] <= found.start():
            span = next(code, None)
        if span is not None and span[0] <= found.start():
            continue
        yield found["quoted"] or found["bare"]
        count += 1
        if count >= MOST:
            return


def mentions(text: str) -> tuple[Mention, ...]:
    """Each once."""
    return tuple(dict.fromkeys(mention_of(written) for written in written_mentions(text)))


def _code(text: str) -> Iterator[tuple[int, int]]:
    """Where code stands, in order: between fences, and between backticks of one length."""
    at = 0
    while (opened := _FENCE.search(text, at)) is not None:
        yield from _spans(text, at, opened.start())
        mark = opened[1]
        closing = re.compile(rf"^[ \t]{{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        closed = closing.search(text, opened.end())
        at = len(text) if closed is None else closed.end()
        yield opened.start(), at
    yield from _spans(text, at, len(text))


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(text, start, end)]
    places: dict[int, list[int]] = {}
    for index in reversed(range(len(runs))):
        places.setdefault(runs[index][1] - runs[index][0], []).append(index)
    index = 0
    while index < len(runs):
        same = places[runs[index][1] - runs[index][0]]
        while same and same[-1] <= index:
            same.pop()
        if not same:
            index += 1
            continue
        yield runs[index][0], runs[same[-1]][1]
        index = same[-1] + 1
