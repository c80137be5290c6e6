"""Runs workflows of texts with scripted agents: a bench for what a step does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from coder.workflows.journal import Journal
from coder.workflows.reading import workflow_of
from coder.workflows.running.outcome import Outcome
from coder.workflows.running.run import Run
from coder.workflows.workflow import Workflow
from tests.support.scripted_agents import Script, ScriptedAgents, ScriptedHands


def workflow(text: str, name: str = "flow") -> Workflow:
    found, problems = workflow_of(text.encode(), Path(f"/files/{name}.md"), "yours")
    assert found is not None and not [each for each in problems if each.level == "error"], problems
    return found


@dataclass(eq=False)
class Bench:
    """`agents` and `hands` are those of the latest run. Each run is like one in a process of its own."""

    folder: Path
    path: Path = field(init=False)
    warnings: list[str] = field(default_factory=list)
    agents: ScriptedAgents = field(init=False)
    hands: ScriptedHands = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.folder / "workflows" / "flow-1.jsonl"
        self.fresh(lambda brief: "done")

    def fresh(self, script: Script, cost: float | None = 0.01) -> ScriptedHands:
        self.agents = ScriptedAgents(script, cost)
        self.hands = ScriptedHands(self.agents)
        return self.hands

    def run(
        self,
        flow: Workflow,
        arguments: dict[str, str] | None = None,
        *others: Workflow,
        patience: float = 5.0,
    ) -> Outcome:
        async def go() -> Outcome:
            journal = Journal.open(self.path, self.warnings.append)
            known = {each.name: each for each in others}
            try:
                return await Run(flow, arguments or {}, self.hands, journal, known.get, patience).go()
            finally:
                journal.close()

        return asyncio.run(go())
