"""What a check knows of the world beside a file: agents, other workflows, checks. Values; must not know where from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.workflows.workflow import Workflow

NESTING = 4  # workflows in workflows
READERS = frozenset({"Explore", "Plan", "reviewer"})  # built in; none of them can change a file


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """`agents` are the names of all there are, and whether each can only read; None: nobody knows, so no name is wrong.
    `workflows` likewise. `absent` are agents that there could be, and why they cannot be asked here."""

    agents: Mapping[str, bool] | None = None
    workflows: Mapping[str, Workflow] | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[str, ...] = field(default=("citations",))

    def only_reads(self, agent: str) -> bool | None:
        """None when that is not known."""
        if self.agents is not None and agent in self.agents:
            return self.agents[agent]
        if agent in READERS:
            return True
        return None if agent and agent != "general-purpose" else False

    def workflow(self, name: str) -> Workflow | None:
        return (self.workflows or {}).get(name)
