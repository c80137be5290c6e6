"""What a process has spent, in totals that can be added up. Must not know prices."""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage


@dataclass(frozen=True, slots=True)
class Spent:
    """Totals of the process. `cost` is in dollars, None when a price is unknown."""

    cost: float | None
    model_usage: Json
    api_seconds: float
    usage: Usage

    def __add__(self, other: Spent) -> Spent:
        """Of two sessions of one process together."""
        return Spent(
            None if self.cost is None or other.cost is None else self.cost + other.cost,
            _summed(self.model_usage, other.model_usage),
            self.api_seconds + other.api_seconds,
            self.usage + other.usage,
        )


def _summed(ours: Json, theirs: Json) -> Json:
    """Usage by model, added up."""
    total: Json = {name: dict(row) for name, row in ours.items()}
    for name, row in theirs.items():
        mine = total.setdefault(name, {})
        for key, value in row.items():
            is_count = key not in ("contextWindow", "maxOutputTokens") and key in mine
            if is_count and None not in (value, mine[key]):
                value = mine[key] + value
            mine[key] = None if is_count and mine[key] is None else value
    return total
