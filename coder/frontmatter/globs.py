"""Globs of heads and rules: `src/**/*.{ts,tsx}` against a path relative to a folder. Pure; takes time in proportion.

Must not know gitignore, nor look at the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise
from typing import TypeAlias, TypeVar

from coder.core.dataclass import dataclass

BUDGET = 1000  # globs that braces may become
_LONGEST = 512
_NESTED = 8

P = TypeVar("P")
T = TypeVar("T")
# One character: the ones it may be, as ranges, and whether it is all others instead. `?` is every one.
_One: TypeAlias = tuple[tuple[tuple[str, str], ...], bool]
_ANY = None  # `*`: any characters of one name
_Segment: TypeAlias = "tuple[_One | None, ...] | None"  # None: `**`, any names
_EVERY: _One = ((), True)


@dataclass(frozen=True, slots=True)
class Globs:
    """Several globs: a path matches when one of them does. The empty collection matches nothing."""

    texts: tuple[str, ...]

    @staticmethod
    def of(patterns: Iterable[str], budget: int = BUDGET) -> Globs:
        """Braces are expanded, to `budget` globs in all; the rest does not count."""
        return Globs(tuple(dict.fromkeys(islice(chain.from_iterable(map(_expanded, patterns)), budget))))

    def match(self, path: str) -> bool:
        """`path` is relative to the folder the globs stand for, with `/` between its names."""
        names = tuple(name for name in path.split("/") if name not in {"", "."})
        return bool(names) and any(_fits(_segments(text), names) for text in self.texts)


def expand(pattern: str, budget: int = BUDGET) -> tuple[str, ...]:
    """What the braces of one pattern stand for, at most `budget`. Braces without a comma are taken as they are."""
    return tuple(islice(_expanded(pattern), budget))


def _expanded(pattern: str) -> Iterator[str]:
    if len(pattern) > _LONGEST or "{" not in pattern:
        return iter((pattern,))
    return _alternatives(pattern, 0)


def _alternatives(pattern: str, depth: int) -> Iterator[str]:
    """Lazily: what braces could become may be more than fits anywhere."""
    group = _group(pattern) if depth < _NESTED else None
    if group is None:
        return iter((pattern,))
    start, end, parts = group
    before, after = pattern[:start], pattern[end:]
    firsts = chain.from_iterable(_alternatives(part, depth + 1) for part in parts)
    if not _group(after):
        return (before + first + after for first in firsts)
    return (before + first + rest for first in firsts for rest in _alternatives(after, depth))


def _group(pattern: str) -> tuple[int, int, list[str]] | None:
    """The first braces with a comma of their own: where they begin, where they end, their parts."""
    opened: list[list[int]] = []  # each: where it began, then its commas
    found: list[int] | None = None
    for place, sign in enumerate(pattern):
        if sign == "{":
            opened.append([place])
        elif sign == "," and opened:
            opened[-1].append(place)
        elif sign == "}" and opened:
            edges = opened.pop()
            if len(edges) > 1 and (found is None or edges[0] < found[0]):
                found = [*edges, place]
    if found is None:
        return None
    return found[0], found[-1] + 1, [pattern[a + 1 : b] for a, b in pairwise(found)]


@lru_cache(maxsize=2048)
def _segments(glob: str) -> tuple[_Segment, ...]:
    """What each name of the path must look like. A slash at the end stands for all that lies below."""
    names = [name for name in glob.split("/") if name not in {"", "."}]
    if glob.endswith("/"):
        names.append("**")
    return tuple(None if name == "**" else tuple(_signs(name)) for name in names)


def _signs(name: str) -> Iterator[_One | None]:
    place = 0
    while place < len(name):
        sign = name[place]
        place += 1
        if sign == "*":
            yield _ANY
        elif sign == "?":
            yield _EVERY
        elif sign == "[" and (end := name.find("]", place + 1 + (name[place : place + 1] in {"!", "^"}))) > 0:
            yield _set(name[place:end])
            place = end + 1
        else:
            if sign == "\\" and place < len(name):
                sign, place = name[place], place + 1
            yield ((sign, sign),), False


def _set(inner: str) -> _One:
    others = inner[:1] in {"!", "^"}
    inner = inner[others:]
    ranges: list[tuple[str, str]] = []
    while inner:
        if len(inner) > 2 and inner[1] == "-":
            ranges.append((inner[0], inner[2]))
            inner = inner[3:]
        else:
            ranges.append((inner[0], inner[0]))
            inner = inner[1:]
    return tuple(ranges), others


def _fits(segments: tuple[_Segment, ...], names: tuple[str, ...]) -> bool:
    at = _reached(segments, names, _name_fits)
    return at == len(segments)  # `src/**` is what lies below src, not src itself


def _name_fits(signs: tuple[_One | None, ...], name: str) -> bool:
    at = _reached(signs, name, _is_one)
    return at is not None and all(one is _ANY for one in signs[at:])


def _is_one(one: _One, sign: str) -> bool:
    ranges, others = one
    return any(low <= sign <= high for low, high in ranges) != others


def _reached(pattern: Sequence[P | None], items: Sequence[T], fits: Callable[[P, T], bool]) -> int | None:
    """How far the pattern is used up once all items are, None where they do not fit. None in it stands for any number
    of items; only the last such place is ever tried again, which is enough and keeps the time in proportion.
    """
    at = item = 0
    again: tuple[int, int] | None = None
    while item < len(items):
        one = pattern[at] if at < len(pattern) else None
        if at < len(pattern) and one is None:
            at += 1
            again = (at, item)
        elif one is not None and fits(one, items[item]):
            at, item = at + 1, item + 1
        elif again is not None:
            again = (again[0], again[1] + 1)
            at, item = again
        else:
            return None
    return at
