"""Everything that is wrong in a workflow: what its file says by itself, and what its steps mean together. Total.

Must not know where files lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.workflows.checking.controls import control_problems
from coder.workflows.checking.nesting import nesting_problems
from coder.workflows.checking.types import Types
from coder.workflows.checking.values import value_problems
from coder.workflows.checking.ways import way_problems
from coder.workflows.flow import flow_of
from coder.workflows.known import Known
from coder.workflows.reading import read_workflow
from coder.workflows.workflow import Origin, Problem, Workflow
from coder.workflows.worst import Worst, worst_of


@dataclass(frozen=True, slots=True)
class Checked:
    """`workflow` None: there is nothing to run. `problems` by line; one that is an error keeps it from running. `worst`
    None: there is no bound."""

    file: Path
    workflow: Workflow | None = None
    problems: tuple[Problem, ...] = ()
    worst: Worst | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.level == "error")


def examine(file: Path, origin: Origin, known: Known | None = None) -> Checked:
    """Reads and checks a file. Never raises."""
    workflow, problems = read_workflow(file, origin)
    return check(workflow, problems, known) if workflow is not None else Checked(file, None, problems)


def check(workflow: Workflow, problems: tuple[Problem, ...] = (), known: Known | None = None) -> Checked:
    """`problems` are those that reading it found."""
    known = known or Known()
    worst = worst_of(workflow, known)
    every = dict.fromkeys((*problems, *_found(workflow, known, worst)))
    return Checked(workflow.file, workflow, tuple(sorted(every, key=lambda problem: problem.line)), worst)


def _found(workflow: Workflow, known: Known, worst: Worst | None) -> Iterator[Problem]:
    flow = flow_of(workflow)
    types = Types(workflow, flow)
    for line, text, level in (
        *way_problems(workflow, flow),
        *control_problems(workflow, known),
        *value_problems(workflow, types),
        *nesting_problems(workflow, known),
    ):
        yield Problem(workflow.file, line, text, level)
    line = workflow.lines.get("budget", 1)
    if "budget" not in workflow.lines:
        text = f"no budget: {workflow.limits.agents} agents at most, and no limit in dollars; add budget: {{usd: 3}}"
        yield Problem(workflow.file, line, text, "warning")
    elif worst is not None and worst.asked > workflow.limits.agents:
        text = f"its steps may ask for {worst.asked:,} agents, and budget.agents stops it at {workflow.limits.agents:,}"
        yield Problem(workflow.file, line, text, "warning")
