"""Which tools answer a question best: BM25 over weighted fields (BM25F). Must not know servers, nor how hits are shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from coder.tools.finding.alike import Meanings
from coder.tools.finding.words import stems

_K1 = 2.5
# Field: its weight, how much its length counts against it, and the characters of it that are read.
_FIELDS = {
    "name": (4.0, 0.3, 200),
    "title": (2.0, 0.3, 200),
    "server": (2.0, 0.0, 100),
    "description": (1.2, 0.6, 2_048),
    "parameters": (0.8, 0.6, 2_000),
    "explained": (0.4, 0.6, 4_000),
}
_LEAD = 25  # the first words of a description say what a tool is for: they count twice


@dataclass(frozen=True, slots=True)
class Findable:
    """A tool as it can be found. `name` is what it is called by, `tool` what its server calls it; `parameters` are
    names and what is said of them."""

    name: str
    server: str
    title: str = ""
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    name: str
    score: float


class Index:
    """Made anew when the tools are others; the work is done at the first search."""

    def __init__(self, findables: Sequence[Findable], meanings: Meanings | None = None) -> None:
        self._all = tuple(findables)
        self._meanings = Meanings() if meanings is None else meanings

    def search(self, query: str, limit: int) -> tuple[Hit, ...]:
        """The best first; equals in the order of their names. None for a query of which no word is known."""
        scores: dict[int, float] = {}
        for variants in self._meanings.of(query):
            best: dict[int, float] = {}
            for word, weight in variants.items():
                postings = self._postings.get(word)
                if postings is None:
                    continue
                worth = weight * self._rarity(len(postings))
                for number, count in postings.items():
                    score = worth * count / (_K1 + count)
                    if score > best.get(number, 0.0):
                        best[number] = score
            for number, score in best.items():
                scores[number] = scores.get(number, 0.0) + score
        ranked = sorted(scores, key=lambda number: (-round(scores[number], 9), self._all[number].name))
        return tuple(Hit(self._all[number].name, scores[number]) for number in ranked[: max(limit, 0)])

    def _rarity(self, having: int) -> float:
        return math.log(1 + (len(self._all) - having + 0.5) / (having + 0.5))

    @cached_property
    def _postings(self) -> dict[str, dict[int, float]]:
        """Word -> tool -> how much it has of the word, over all its fields."""
        counted = [_fields(each) for each in self._all]
        usual = {name: sum(lengths[name] for _, lengths in counted) / max(len(counted), 1) or 1.0 for name in _FIELDS}
        found: dict[str, dict[int, float]] = {}
        for number, (fields, lengths) in enumerate(counted):
            for name, counts in fields.items():
                weight, share, _ = _FIELDS[name]
                norm = weight / (1 - share + share * lengths[name] / usual[name])
                for word, count in counts.items():
                    places = found.setdefault(word, {})
                    places[number] = places.get(number, 0.0) + norm * count
        return found


def _fields(tool: Findable) -> tuple[dict[str, Counter[str]], dict[str, int]]:
    texts = {
        "name": tool.tool or tool.name,
        "title": tool.title,
        "server": tool.server,
        "description": tool.description,
        "parameters": " ".join(tool.parameters),
        "explained": " ".join(tool.parameters.values()),
    }
    found = {name: stems(text[: _FIELDS[name][2]]) for name, text in texts.items()}
    found["description"] += found["description"][:_LEAD]
    return {name: Counter(each) for name, each in found.items()}, {name: len(each) for name, each in found.items()}
