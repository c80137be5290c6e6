"""Agents whose number and spending are bounded together. Must not know how they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.errors import ToolError

if TYPE_CHECKING:
    from coder.models.budget import Budget

PER_RUN = 20


class Crowd:
    """Implements `coder.core.agents.Group`. `budget` is what they may spend together, None for no bound of their
    own."""

    def __init__(self, most: int, budget: Budget | None = None, otherwise: str = "") -> None:
        self.budget = budget
        self._most = most
        self._otherwise = otherwise or "The step that asks for more has to do with fewer."
        self._count = 0
        self._usd: float | None = 0.0

    @property
    def count(self) -> int:
        return self._count

    @property
    def usd(self) -> float | None:
        return self._usd

    def add(self) -> None:
        """One more. Raises ToolError when there are too many."""
        if self._count >= self._most:
            raise ToolError(f"{self._most} agents were asked already, which is the most. {self._otherwise}")
        self._count += 1

    def spent(self, usd: float | None) -> None:
        self._usd = None if self._usd is None or usd is None else self._usd + usd


def of_a_run() -> Crowd:
    """All agents that one request of the person leads to."""
    return Crowd(
        PER_RUN,
        otherwise="Do the rest yourself, or tell the person what is left: their next message may ask for more.",
    )
