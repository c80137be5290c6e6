r"""How many steps a pattern takes at most, found out by reading it: `^[A-Z]{2,4}-\d+$` is done at once, `(a+)+$` never.

An upper bound, told only for patterns of the plainest signs; of all others nothing is known. Must not know who asks.
"""

from __future__ import annotations

import re
from functools import lru_cache

from coder.core.dataclass import dataclass

LONGEST = 1_000
"""Characters of a pattern that are read."""
_DEEPEST = 20
_MOST = 10**9  # more is all the same
_ROUND = 10  # steps of going round a group once: each takes memory until all is done
_MOST_KEPT = 20  # groups whose text is kept: at each step it may be copied for all of them
_REPEAT = re.compile(r"\{([0-9]*)(?:(,)([0-9]*))?\}")
_CLASS = re.compile(r"\[\^?(?:\]|\\.|[^\]\\])(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPE = re.compile(r"\\[dDwWsSbBAZ.^$*+?{}()\[\]|/\\\-_@:#&~!\"'%,;=<> nrtfv]")
_PLAIN = re.compile(r"[^\\\[\](){}|*+?]")
_GROUP = re.compile(r"\((?:(\?:)|\?P<\w+>|(?!\?))")
# What stands for a sign that is looked up in a table; any other class is looked through.
_TABLED = re.compile(r"(?!.*\\[UN])[\0-\x7f]*", re.DOTALL)


class _Unknown(Exception):
    """Something stands in it whose steps are not told."""


@dataclass(frozen=True, slots=True)
class _Part:
    """In how many `ways` it can match at one place, and how many `steps` it takes to try them all."""

    ways: int
    steps: int


def most_steps(pattern: str, length: int) -> int | None:
    """For a text of that length, to look for the pattern in all of it; None where nobody knows. The pattern is one that
    can be compiled."""
    return _most_steps(pattern, length) if len(pattern) <= LONGEST else None


@lru_cache(maxsize=1_000)
def _most_steps(pattern: str, length: int) -> int | None:
    try:
        part, is_anchored = _Reader(pattern, length).whole()
    except _Unknown:
        return None
    places = 1 if is_anchored else length + 1
    return min(_MOST, length + places * (part.steps + part.ways))


def _any_of(branches: list[_Part]) -> _Part:
    ways, steps = (sum(getattr(each, name) for each in branches) for name in ("ways", "steps"))
    return _Part(min(_MOST, ways), min(_MOST, steps))


class _Reader:
    """Reads it from left to right, and nothing twice."""

    def __init__(self, pattern: str, length: int) -> None:
        self._pattern, self._length = pattern, length
        self._at = 0
        self._kept = 0

    def whole(self) -> tuple[_Part, bool]:
        """Also whether it is looked for at the beginning alone."""
        branches = self._branches(0)
        if self._at < len(self._pattern):
            raise _Unknown
        return _any_of(branches), len(branches) == 1 and self._pattern.startswith("^")

    def _branches(self, depth: int) -> list[_Part]:
        if depth > _DEEPEST:
            raise _Unknown
        branches = [self._sequence(depth)]
        while self._pattern.startswith("|", self._at):
            self._at += 1
            branches.append(self._sequence(depth))
        return branches

    def _sequence(self, depth: int) -> _Part:
        """A part is come to once for each way in which those before it can match."""
        ways, steps = 1, 0
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            part = self._repeated(depth)
            ways, steps = min(_MOST, ways * part.ways), min(_MOST, steps + ways * part.steps)
        return _Part(ways, steps)

    def _repeated(self, depth: int) -> _Part:
        is_group = self._pattern.startswith("(", self._at)
        part = self._group(depth) if is_group else self._sign()
        least, most = self._times()
        if most is None:
            if is_group:  # each time round could go another way
                raise _Unknown
            return _Part(self._length + 1, min(_MOST, (self._length + 1) * part.steps))
        each = part.steps + (_ROUND if is_group else 0)  # also where nothing is in it
        if part.ways == 1:
            return _Part(min(_MOST, most - least + 1), min(_MOST, most * each + 1))
        ways, steps, come = 0, 1, 1  # `come`: in how many ways so many rounds are done
        for done in range(most + 1):
            ways = min(_MOST, ways + (come if done >= least else 0))
            steps = min(_MOST, steps + come * each)
            if (come := come * part.ways) > _MOST:
                return _Part(_MOST, _MOST)
        return _Part(ways, steps)

    def _group(self, depth: int) -> _Part:
        begins = _GROUP.match(self._pattern, self._at)
        if begins is None:
            raise _Unknown
        self._kept += begins[1] is None
        if self._kept > _MOST_KEPT:
            raise _Unknown
        self._at = begins.end()
        part = _any_of(self._branches(depth + 1))
        if not self._pattern.startswith(")", self._at):
            raise _Unknown
        self._at += 1
        return part

    def _sign(self) -> _Part:
        for kind in (_PLAIN, _CLASS, _ESCAPE):
            if (found := kind.match(self._pattern, self._at)) is not None:
                self._at = found.end()
                return _Part(1, 1 if _TABLED.fullmatch(found[0]) else len(found[0]))
        raise _Unknown

    def _times(self) -> tuple[int, int | None]:
        """How often the sign before may stand at least and at most; None: as often as there is text."""
        least, most = 1, 1
        sign = self._pattern[self._at : self._at + 1]
        if sign and sign in "*+?":
            self._at += 1
            self._manner()
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        if sign != "{":
            return least, most
        found = _REPEAT.match(self._pattern, self._at)
        if found is None or not (found[1] or found[2]):
            raise _Unknown  # a brace that stands for itself
        self._at = found.end()
        self._manner()
        least = int(found[1] or 0)
        if not found[2]:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _manner(self) -> None:
        """Lazy or possessive, which takes as many steps at most."""
        if self._pattern[self._at : self._at + 1] in ("?", "+"):
            self._at += 1
