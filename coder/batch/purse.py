"""The money of a batch: what runs holds its whole limit back, so that no attempts can pass what there is. Pure."""

from __future__ import annotations

_ROUND = 1e-9


class Purse:
    """`limit` None: no end of it. `spent` is what went before."""

    def __init__(self, limit: float | None, spent: float) -> None:
        self.limit, self.spent = limit, spent
        self._held: dict[str, float] = {}

    @property
    def held(self) -> float:
        return sum(self._held.values())

    def hold(self, name: str, usd: float | None) -> bool:
        """Whether an attempt that may spend so much can be begun; then it is held back for it."""
        if self.limit is not None and (usd is None or self.spent + self.held + usd > self.limit + _ROUND):
            return False
        self._held[name] = usd or 0.0
        return True

    def settle(self, name: str, usd: float | None) -> None:
        """It has ended. What is not known counts as all it might have spent."""
        held = self._held.pop(name, 0.0)
        self.spent += held if usd is None else usd


def left(limit: float | None, costs: list[float | None]) -> float | None:
    """What a task may still spend after attempts that did cost this; None: no limit."""
    if limit is None:
        return None
    return max(0.0, limit - sum(limit if usd is None else usd for usd in costs))
