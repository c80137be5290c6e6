"""Finds what was meant among many names, the best first. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import nsmallest

_ENOUGH = 2_000  # of the names that only hold the letters: the first of them, as they were given


class Ranking:
    """Ranks a query over names that do not change. A query that goes on from the last one looks through its hits only.

    The order: the last part of the name is the query, begins with it, holds it; the name holds it; its letters occur in
    that order. Shorter names first. Upper and lower case are the same.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._whole = [name.lower() for name in names]
        self._ends = [name.rstrip("/").rpartition("/")[2] for name in self._whole]
        self._last = ""
        self._hits: Sequence[int] = range(len(names))  # what holds the letters of `_last` in their order

    def best(self, query: str, most: int = 50) -> list[str]:
        query = query.lower()
        if not query:  # as they were given
            return [self._names[at] for at in range(min(most, len(self._names)))]
        if not (self._last and query.startswith(self._last)):
            self._last, self._hits = "", range(len(self._names))
        found = self._by_substring(query)
        if len(found) < most:
            found += self._by_letters(query, set(found))
        return [self._names[at] for at in nsmallest(most, found, key=lambda at: self._rank(at, query))]

    def _by_substring(self, query: str) -> list[int]:
        whole = self._whole
        if isinstance(self._hits, range):
            return [at for at, name in enumerate(whole) if query in name]
        return [at for at in self._hits if query in whole[at]]

    def _by_letters(self, query: str, known: set[int]) -> list[int]:
        """Those that hold the letters of the query in their order. Possessive: no name is looked at twice."""
        fits = re.compile("".join(f"[^{re.escape(letter)}]*+{re.escape(letter)}" for letter in query), re.DOTALL).match
        whole = self._whole
        hits = [at for at in self._hits if fits(whole[at])]
        self._last, self._hits = query, hits
        return [at for at in hits if at not in known][:_ENOUGH]

    def _rank(self, at: int, query: str) -> tuple[int, int, str]:
        whole, end = self._whole[at], self._ends[at]
        if end.startswith(query) or whole.startswith(query):
            tier = 0 if end == query else 1
        elif query in end:
            tier = 2
        elif query in whole:
            tier = 3
        else:
            tier = 4 if _holds(query, end) else 5
        return tier, len(whole), whole


def _holds(query: str, name: str) -> bool:
    """Whether a name holds the letters of the query in their order."""
    at = 0
    for letter in query:
        at = name.find(letter, at) + 1
        if not at:
            return False
    return True
