"""A query -> what is looked for: each word with those that people use for the same thing. Must not know any tool."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property

from coder.tools.finding.table import listed, rows
from coder.tools.finding.words import STOP, stem, words

_SAME = 0.65  # what a synonym is worth beside the word itself
_HINT = 0.7
_PHRASE = 4  # words of the longest phrase
_MOST = 40  # words of a query that are looked at
_LIGHTLY = 0.5  # what a word is worth that goes with everything
_READING = 0.4  # what it is worth to be a tool that reads, where a question was asked
# How a question begins; it wants something read, and this is what the tools for that say they do.
_QUESTIONS = "what which who whom whose when where how why is are was were did does do has have"
_SAID_TO_READ = "get list read retrieve search find query show describe info"
_LIGHT = frozenset(map(stem, listed("light")))
_ASKING = frozenset(_QUESTIONS.split())
_READERS = frozenset(map(stem, _SAID_TO_READ.split()))

Concept = dict[str, float]


class Meanings:
    """The tables of synonyms, by stems: `same` and `hints` are lines as in the files of those names."""

    def __init__(self, same: Sequence[str], hints: Sequence[str]) -> None:
        self._tables = same, hints

    def of(self, query: str) -> list[Concept]:
        """What a tool should have a word of, one a concept: word -> what it is worth."""
        said = words(query)[:_MOST]
        found: list[Concept] = []
        seen: set[str] = set()
        at = 0
        while at < len(said):
            phrase, taken = self._phrase(said[at : at + _PHRASE])
            if phrase is not None:
                found += [dict(each) for each in phrase]
            elif said[at] not in STOP:
                word = stem(said[at])
                if word not in seen:
                    seen.add(word)
                    found += self._concepts(word)
            at += taken
        if said and said[0] in _ASKING and found:
            found.append(dict.fromkeys(_READERS, _READING))
        return found

    def _phrase(self, said: list[str]) -> tuple[list[Concept] | None, int]:
        for length in range(min(len(said), _PHRASE), 1, -1):
            concepts = self._phrases.get(tuple(stem(word) for word in said[:length]))
            if concepts is not None:
                return concepts, length
        return None, 1

    def _concepts(self, word: str) -> list[Concept]:
        own = dict(self._groups.get(word, {}))
        first, *more = self._hints.get(word, [{}])
        for other, weight in first.items():
            own[other] = max(weight, own.get(other, 0.0))
        share = _LIGHTLY if word in _LIGHT else 1.0
        first = {other: weight * share for other, weight in {**own, word: 1.0}.items()}
        return [first, *(dict(each) for each in more)]

    @cached_property
    def _groups(self) -> dict[str, Concept]:
        found: dict[str, Concept] = {}
        for line in self._tables[0]:
            group = [stem(word) for word in line.split()]
            for word in group:
                found.setdefault(word, {}).update({other: _SAME for other in group if other != word})
        return found

    @cached_property
    def _read(self) -> list[tuple[tuple[str, ...], list[Concept]]]:
        found = []
        for line in self._tables[1]:
            left, _, right = line.partition(">")
            if not right:
                continue
            concepts = [{stem(word): _HINT for word in part.split("/")} for part in right.split()]
            found += [(tuple(stem(word) for word in words(each)), concepts) for each in left.split(",")]
        return found

    @cached_property
    def _hints(self) -> dict[str, list[Concept]]:
        found: dict[str, list[Concept]] = {}
        for left, (first, *more) in self._read:
            if len(left) == 1:
                before = found.setdefault(left[0], [{}])
                before[0] = {**before[0], **first}
                before += more
        return found

    @cached_property
    def _phrases(self) -> dict[tuple[str, ...], list[Concept]]:
        return {left: concepts for left, concepts in self._read if len(left) > 1}


@cache
def usual() -> Meanings:
    """The tables as they are, read once."""
    return Meanings(rows("same"), rows("hints"))
