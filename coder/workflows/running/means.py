"""What all steps of a run share: who does the work, what is known of it already, and what it may cost. Must not know
steps.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from coder.core.agents import Group
from coder.core.errors import ToolError
from coder.core.events import StepChanged
from coder.workflows.hands import Hands
from coder.workflows.journal import Journal
from coder.workflows.running.outcome import Halt
from coder.workflows.running.priming import PATIENCE
from coder.workflows.workflow import Workflow

MOST_VISITS = 2_000  # of all steps together: what bounds a loop in which nobody is asked


class Means:
    """`patience` is how long those who are asked side by side wait for the first of them."""

    def __init__(self, workflow: Workflow, hands: Hands, journal: Journal, patience: float = PATIENCE) -> None:
        past = journal.past
        limits = workflow.limits
        self.hands = hands
        self.journal = journal
        self.name = journal.path.stem
        self.patience = patience
        self.kept = 0
        self.visits = 0
        self.failed_inside: list[str] = []  # places of workflows that others use
        self._title = workflow.name
        self._limits = limits
        self._asked = set(past.asked) if past is not None else set[str]()
        self._cut_off = self._asked - past.kept.keys() if past is not None else set[str]()
        self._left = max(limits.agents - len(self._asked), 0) + len(self._cut_off)  # who was cut off goes on
        self._usd_before, self.seconds_before = (past.usd, past.seconds) if past is not None else (0.0, 0.0)
        self._group: Group | None = None

    async def looks_back(self) -> None:
        """Before the first step: what those cost counts too that were cut off, and have no result."""
        if self._cut_off and self._usd_before is not None:
            spent = await self.hands.spent({f"{self.name}/{key}" for key in self._cut_off})
            self._usd_before = None if spent is None else self._usd_before + spent

    @property
    def group(self) -> Group:
        """Made when the first agent is asked, so that what asks nobody needs none."""
        if self._group is None:
            usd = self._limits.usd
            left = None if usd is None else max(usd - (self._usd_before or 0.0), 0.0)
            self._group = self.hands.agents.group(self._left, left)
        return self._group

    @property
    def agents(self) -> int:
        """How many were begun, in all processes; one that was cut off and goes on is one."""
        return len(self._asked)

    @property
    def usd(self) -> float | None:
        now = self._group.usd if self._group is not None else 0.0
        return None if now is None or self._usd_before is None else now + self._usd_before

    @property
    def seconds_left(self) -> float | None:
        minutes = self._limits.minutes
        return None if minutes is None else max(minutes * 60 - self.seconds_before, 0.0)

    async def begins_one(self, place: str, key: str) -> None:
        """Before an agent is begun, or goes on. Raises Halt when the run may have no more."""
        most, usd = self._limits.agents, self._limits.usd
        if key not in self._asked and len(self._asked) >= most:
            raise Halt("budget", place, f"it may ask {most} agents (budget.agents), and all have been asked")
        if usd is not None and self.usd is not None and self.usd >= usd:
            raise Halt("budget", place, f"it may spend ${usd:g} (budget.usd), and has spent ${self.usd:.2f}")
        self._asked.add(key)
        await self.journal.asks(key)

    def visits_one(self, place: str) -> None:
        self.visits += 1
        if self.visits > MOST_VISITS:
            raise Halt("failed", place, f"its steps led to one another {MOST_VISITS:,} times without an end")

    def changed(self, step: str, state: Any, item: str = "", text: str = "", *, is_told_next: bool = False) -> None:
        self.hands.emit(
            StepChanged(workflow=self._title, step=step, state=state, item=item, text=text, is_told_next=is_told_next)
        )


def digest(*parts: Any) -> str:
    """Stands for what something was made of."""
    data = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str, separators=(",", ":"))
    return hashlib.sha256(data.encode("ascii")).hexdigest()[:32]


def is_limit(error: ToolError | str) -> bool:
    """Whether an agent was refused, or ended, because there is no money left for it."""
    return str(error).lower().startswith(("budget reached", "budget limit reached"))
