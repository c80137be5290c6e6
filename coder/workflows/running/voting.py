"""What several who answered the same have decided. Pure; must not know who they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from coder.core.dataclass import dataclass
from coder.workflows.workflow import Vote

ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Decided:
    """`winner` None: nobody won. `counts` are the votes by what they were for, in words, with those who abstained."""

    winner: Any = None
    counts: Mapping[str, int] = field(default_factory=dict)
    is_tie: bool = False

    @property
    def words(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in self.counts.items()) or "no votes"


def decide(vote: Vote, cast: Sequence[Any], abstained: int) -> Decided:
    """`cast` are the values that were voted for. Without a winner the tie value of the vote wins, where it has one."""
    counted = Counter(_word(value) for value in cast)
    values = {_word(value): value for value in reversed(cast)}
    counts = dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
    shown = {**counts, **({ABSTAINED: abstained} if abstained else {})}
    won = _won(vote.rule, counts, len(cast))
    if won is None:
        return Decided(vote.tie, shown, is_tie=True)
    return Decided(values[won], shown)


def _won(rule: str, counts: Mapping[str, int], cast: int) -> str | None:
    best = max(counts.values(), default=0)
    first = [what for what, count in counts.items() if count == best]
    if not cast:
        return None
    match rule:
        case "majority":
            return first[0] if best * 2 > cast else None
        case "all":
            if set(counts) <= {"true", "false"}:  # all said yes, or it is no
                return "true" if set(counts) == {"true"} else "false"
            return first[0] if best == cast else None
        case "any":
            if set(counts) <= {"true", "false"}:
                return "true" if "true" in counts else "false"
            return first[0] if len(first) == 1 else None
        case _:
            return first[0] if len(first) == 1 else None


def combined(votes: Sequence[Any], on: str, decided: Decided) -> Any:
    """One value of all: the winner in its field, each list with what anybody has in it, all else as the first of those
    who won has it."""
    found = [value for value in votes if isinstance(value, dict)]
    if not on:
        return decided.winner
    side = [value for value in found if _word(value.get(on)) == _word(decided.winner)] or found or [{}]
    made = dict(side[0])
    for value in found:
        for name, items in value.items():
            if isinstance(items, list):
                old: Any = made.get(name) if isinstance(made.get(name), list) else []
                made[name] = [*old, *(item for item in items if item not in old)]
    return {**made, on: decided.winner, "votes": dict(decided.counts)}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
