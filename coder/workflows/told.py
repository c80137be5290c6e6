"""A workflow in plain words, for who is to run it: what it asks for, step by step, and what it may cost. Pure.

The texts are a file's: whoever shows them makes them visible.
"""

from __future__ import annotations

from collections.abc import Iterator

from coder.workflows.flow import open_values
from coder.workflows.types import words
from coder.workflows.workflow import END, NEXT, STOP, Step, Workflow
from coder.workflows.worst import Worst, items_of

_PROMPT = 160  # characters of one that are shown


def step_lines(workflow: Workflow, step: Step) -> Iterator[str]:
    """Sentences, in the order in which things happen."""
    if step.only_if:
        yield f"only if {step.only_if}; else it is skipped"
    if step.ask:
        yield f"asks you first: {step.ask}"
    yield _who(workflow, step)
    if step.prompt and not step.use:
        line = step.prompt.split("\n", 1)[0]
        yield f"is told: {line if len(line) <= _PROMPT and line == step.prompt else f'{line[:_PROMPT]}…'}"
    if step.out is not None:
        yield f"hands in {words(step.out)}"
    if step.isolated:
        merged = "; their changes are merged one after the other" if step.branches_merge else ""
        yield f"each works in a worktree of its own{merged}"
    if step.gate is not None:
        yield _gate(step)
    yield from _then(step)


def worst_line(worst: Worst | None, workflow: Workflow) -> str:
    if worst is None:
        return "no bound: see what is wrong with it"
    asked = "" if worst.asked <= worst.agents else f" (its steps may ask for {worst.asked:,})"
    agents = f"{worst.agents:,} agent{'' if worst.agents == 1 else 's'}{asked}"
    money = f"${worst.usd:g}" if worst.usd is not None else "no limit in dollars: set budget.usd"
    minutes = workflow.limits.minutes
    time = f", {minutes:g} minutes" if minutes is not None else ""
    return f"at most {agents}, {worst.at_once:,} at once, {money}{time}"


def call_of(workflow: Workflow) -> str:
    """As it is typed: required arguments in angle brackets, others in square ones."""
    parts = [f"<{each.name}>" if each.required else f"[{each.name}]" for each in workflow.arguments]
    return " ".join((f"/{workflow.name}", *parts))


def _who(workflow: Workflow, step: Step) -> str:
    agent = f"the workflow {step.use}" if step.use else f"an agent ({step.agent})" if step.agent else "an agent"
    more = [f"model {step.model}" if step.model else "", f"effort {step.effort}" if step.effort else ""]
    more.append(f"at most {step.turns} turns" if step.turns else "")
    said = f", {', '.join(filter(None, more))}" if any(more) else ""
    if step.vote is not None:
        on = f" on {step.vote.on}" if step.vote.on else ""
        tie = f", a tie is {step.vote.tie}" if step.vote.tie is not None else ""
        agent = f"{step.vote.n} agents{f' ({step.agent})' if step.agent else ''} vote{on}, {step.vote.rule}{tie}"
    if step.each is None:
        return f"{agent}{said}"
    of = step.each.of or "the items of the file"
    at_once = f", {step.parallel} at once" if step.parallel > 1 else ", one after the other"
    return f"{agent}{said} for each {step.each.name} of {of}, at most {items_of(workflow, step)}{at_once}"


def _gate(step: Step) -> str:
    assert step.gate is not None
    what = f"check {step.gate.check}" if step.gate.check else f"runs {step.gate.run}"
    return f"{what}, which must {'hold' if step.gate.check else step.gate.expect}"


def _then(step: Step) -> Iterator[str]:
    retry = f"tries again up to {step.on_fail.retry} times, then " if step.on_fail.retry else ""
    if step.gate is not None or step.on_fail.retry or step.on_fail.then != STOP:
        yield f"if it fails: {retry}{_to(step.on_fail.then)}"
    if step.until is not None:
        until = step.until
        never = "" if until.then == STOP else f", then {_to(until.then)}"
        yield f"until {until.when}: back to {until.goto}, at most {until.most} times{never}"
    if step.route:
        ways = [f"{word} → {target}" for word, target in step.route.items()]
        if (left := open_values(step)) and "else" not in step.route:
            ways.append(f"{', '.join(left)} → goes on below")
        yield f"by {step.route_on or '?'}: {', '.join(ways)}"
    elif step.next:
        yield f"then {_to(step.next)}"


def _to(name: str) -> str:
    return {STOP: "the workflow stops", END: "the workflow is done", NEXT: "goes on all the same"}.get(name, name)
