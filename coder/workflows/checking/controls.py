"""What is wrong with what controls a step: keys that do not go together, unknown agents, writers side by side.

Pure; must not know where agents are defined.
"""

from __future__ import annotations

from collections.abc import Iterator

from coder.workflows.checking.said import Said, line_of, meant
from coder.workflows.checking.ways import no_field
from coder.workflows.flow import spelled
from coder.workflows.known import Known
from coder.workflows.types import options
from coder.workflows.workflow import Step, Workflow

_OF_AGENTS = ("agent", "model", "effort", "turns", "out", "vote", "isolate")


def control_problems(workflow: Workflow, known: Known) -> Iterator[Said]:
    for step in workflow.steps:
        yield from _agent(step, known)
        yield from _vote(step)
        yield from _many(step, known)
        if step.gate is not None and step.gate.check and step.gate.check not in known.checks:
            hint = meant(step.gate.check, known.checks, "checks")
            yield Said(line_of(step, "gate"), f"gate: there is no check {step.gate.check[:60]!r}{hint}")
        if step.use:
            for key in _OF_AGENTS:
                if key in step.lines:
                    yield Said(line_of(step, key), f"{key} is for a step of its own: this one uses {step.use}")
            if step.prompt:
                yield Said(step.line, f"the text of {step.name} goes to nobody: it uses {step.use}", "warning")
        elif not step.prompt:
            yield Said(step.line, f"{step.name} has no prompt: its text stands below the heading")


def _agent(step: Step, known: Known) -> Iterator[Said]:
    asked = "" if step.use else step.agent or "general-purpose"
    if why := known.absent.get(asked, ""):
        yield Said(line_of(step, "agent"), f"the agent {asked} cannot be asked: {why}")
    elif step.agent and known.agents is not None and step.agent not in known.agents:
        hint = meant(step.agent, known.agents, "agents")
        yield Said(line_of(step, "agent"), f"there is no agent {step.agent[:60]!r}{hint}")


def _vote(step: Step) -> Iterator[Said]:
    if step.vote is None or step.use:
        return
    line = line_of(step, "vote")
    choices = step.out.choices if step.out is not None else ()
    if step.vote.on not in choices:
        yield Said(line, no_field(step.vote.on, choices, "vote", "vote.on"))
        return
    assert step.out is not None
    field = step.out.field(step.vote.on)
    words = [spelled(value) for value in options(field.of)] if field is not None else []
    tie = step.vote.tie
    if tie is not None and spelled(tie) not in words:
        yield Said(line, f"vote.tie: {step.vote.on} is never {str(tie)[:60]!r}{meant(str(tie), words, 'values')}")
    if tie is None and step.vote.n % 2 == 0 and step.vote.rule in {"majority", "plurality"}:
        yield Said(
            line, f"{step.vote.n} votes may tie, and then the step fails: say vote.tie, or ask one more", "warning"
        )


def _many(step: Step, known: Known) -> Iterator[Said]:
    if "parallel" in step.lines and step.each is None:
        yield Said(line_of(step, "parallel"), "parallel is for a step with each", "warning")
    if step.branches_merge and not step.isolated:
        yield Said(line_of(step, "merge"), "merge is for a step with isolate: worktree: there is nothing to merge")
    if step.isolated and step.vote is not None:
        yield Said(line_of(step, "isolate"), "voters only look: leave out isolate, or vote", "warning")
    at_once = (step.parallel > 1 and step.each is not None) or step.vote is not None
    if at_once and not step.isolated and not step.use and known.only_reads(step.agent) is False:
        text = (
            f"several {step.agent or 'general-purpose'} agents at once may change the same files, so each waits for "
            "the one before: add isolate: worktree and merge: sequential, or an agent that only reads"
        )
        yield Said(line_of(step, "parallel" if step.vote is None else "vote"), text, "warning")
