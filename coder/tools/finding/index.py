"""Which tools answer a question best: BM25 over weighted fields (BM25F). Must not know how hits are shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from coder.core.dataclass import dataclass
from coder.tools.finding.alike import Meanings, usual
from coder.tools.finding.words import stems

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
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
    """A tool as it can be found. `name` is what it is called by (`mcp__server__tool`); `parameters` are names and what
    is said of them."""

    name: str
    server: str
    title: str = ""
    description: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def short(self) -> str:
        """What its server calls it."""
        return self.name.removeprefix(f"mcp__{_FOREIGN.sub('_', self.server)}__")


@dataclass(frozen=True, slots=True)
class Hit:
    name: str
    score: float


class Index:
    """Made anew when the tools are others; the work is done at the first search."""

    def __init__(self, findables: Sequence[Findable], meanings: Meanings | None = None) -> None:
        self._all = tuple(findables)
        self._meanings = meanings or usual()

    def search(self, query: str, limit: int, required: Sequence[str] = ()) -> tuple[Hit, ...]:
        """The best first, equals in the order of their names; none for a query of which no word is known. Each hit has
        every `required` word itself."""
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
        for word in (each for text in required for each in stems(text)):
            having = self._postings.get(word, {})
            scores = {number: score for number, score in scores.items() if number in having}
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
        "name": tool.short,
        "title": tool.title,
        "server": tool.server,
        "description": tool.description,
        "parameters": " ".join(name for name, _ in tool.parameters),
        "explained": " ".join(about for _, about in tool.parameters),
    }
    found = {name: stems(text[: _FIELDS[name][2]]) for name, text in texts.items()}
    found["description"] += found["description"][:_LEAD]
    return {name: Counter(each) for name, each in found.items()}, {name: len(each) for name, each in found.items()}
