"""Which calls made which steps of git's own log. Pure; must not know how either came to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import ceil, floor

from coder.app.who.values import Turn
from coder.checkpoints.refmoves import RefMoves
from coder.core.dataclass import dataclass
from coder.git.reflog import Step
from coder.git.refs import RefMove

GIT = re.compile(r"(?<![\w-])(?:git|gh|glab|hub)(?![\w-])", re.IGNORECASE)
_NONE = re.compile(r"0+\Z")


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    record: RefMoves
    turn: Turn

    @property
    def is_ours(self) -> bool:
        return self.record.cause != "meanwhile"

    def ran_beside(self, other: Noted) -> bool:
        """In another session at the same time."""
        mine, theirs = self.record, other.record
        overlaps = mine.began <= theirs.when and theirs.began <= mine.when
        return overlaps and self.turn.session != other.turn.session

    @property
    def doubt(self) -> tuple[int, bool, float]:
        """The likeliest first: a command before one in the background, with git's name, then the shortest."""
        rank = {"command": 0, "background": 1, "meanwhile": 2}[self.record.cause]
        return rank, not GIT.search(self.record.what), self.record.when - self.record.began


class Log:
    """What git logged of one branch, less what is taken for a session's."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._taken: set[int] = set()
        self._ends: dict[str, list[int]] = {}
        for place, step in enumerate(steps):
            self._ends.setdefault(step.after, []).append(place)

    def of_move(self, move: RefMove, record: RefMoves, *, renamed: bool) -> list[int]:
        """Where it logged this move; empty when it does not have it all."""
        for end in reversed(self._ends.get(move.after, ())):
            chain: list[int] = []
            place = end
            while place >= 0 and self._may_be(place, record):
                step = self._steps[place]
                if chain and step.after != self._steps[chain[0]].before:
                    break
                chain.insert(0, place)
                if commit_of(step.before) == move.before or (renamed and step.before == move.after):
                    return chain
                place -= 1
        return []

    def take(self, places: Iterable[int]) -> tuple[Step, ...]:
        own = tuple(places)
        self._taken.update(own)
        return tuple(self._steps[place] for place in own)

    def rest(self) -> list[Step]:
        return [step for place, step in enumerate(self._steps) if place not in self._taken]

    def _may_be(self, place: int, record: RefMoves) -> bool:
        return place not in self._taken and floor(record.began) <= self._steps[place].when <= ceil(record.when)


def owners_of(noted: Iterable[Noted]) -> dict[tuple[Step, int], list[Noted]]:
    """Whoever noted each step. Steps of one second may be alike, and are numbered; calls of several sessions that ran
    at once noted the very same."""
    found: dict[tuple[Step, int], list[Noted]] = {}
    for each in sorted(noted, key=lambda noted: noted.record.began):
        taken: set[tuple[Step, int]] = set()
        for step in each.record.steps:
            number = 0
            while (step, number) in taken or not all(map(each.ran_beside, found.get((step, number), ()))):
                number += 1
            taken.add((step, number))
            found.setdefault((step, number), []).append(each)
    return found


def commit_of(id: str) -> str:
    return "" if _NONE.match(id) else id
