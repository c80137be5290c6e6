"""What is wrong with workflows that use others: names, arguments, circles, depth. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coder.workflows.checking.said import Said, line_of, meant
from coder.workflows.known import NESTING, Known
from coder.workflows.workflow import Step, Workflow


def nesting_problems(workflow: Workflow, known: Known) -> Iterator[Said]:
    for step in workflow.steps:
        if not step.use:
            if step.given:
                yield Said(line_of(step, "with"), "with is for a step that uses another workflow")
            continue
        if known.workflows is None:
            continue
        other = known.workflow(step.use)
        if other is None and step.use != workflow.name:
            hint = meant(step.use, known.workflows, "workflows")
            yield Said(line_of(step, "use"), f"use: there is no workflow {step.use[:60]!r}{hint}")
            continue
        yield from _arguments(step, other or workflow)
        yield from _way(workflow, step, known)


def _arguments(step: Step, other: Workflow) -> Iterator[Said]:
    names = [argument.name for argument in other.arguments]
    for name in step.given:
        if name not in names:
            hint = meant(name, names, "arguments")
            yield Said(line_of(step, "with"), f"with: {other.name} has no argument {name[:60]!r}{hint}")
    for argument in other.arguments:
        if argument.required and argument.name not in step.given:
            text = f"{other.name} needs {argument.name}: add with: {{{argument.name}: …}}"
            yield Said(line_of(step, "with" if step.given else "use"), text)
        said = step.given.get(argument.name, "")
        if argument.choices and said and "{{" not in said and said not in argument.choices:
            hint = meant(said, argument.choices, "choices")
            yield Said(line_of(step, "with"), f"with: {argument.name} is never {said[:60]!r}{hint}")


def _way(workflow: Workflow, step: Step, known: Known) -> Iterator[Said]:
    line = line_of(step, "use")
    found = circle({**(known.workflows or {}), workflow.name: workflow}, step.use, workflow.name)
    if found:
        yield Said(line, f"use: {' → '.join(found)} goes round: a workflow cannot come to itself")
    elif height(known.workflows or {}, step.use) >= NESTING:
        yield Said(line, f"use: {step.use} uses others more than {NESTING} deep")


def circle(every: Mapping[str, Workflow], name: str, start: str) -> tuple[str, ...]:
    """Names that lead round, from `start` on, the last as one before; () when none do. Each workflow is seen once."""
    done: set[str] = set()
    path = [(start, iter((name,)))]
    while path:
        open_ = [each for each, _ in path]
        step = next(path[-1][1], None)
        if step is None:
            done.add(path.pop()[0])
        elif step in open_:
            return (*open_, step)
        elif step not in done and step in every:
            path.append((step, iter(uses_of(every[step]))))
    return ()


def height(every: Mapping[str, Workflow], name: str) -> int:
    """How deep the workflows are that this one uses; only where they do not lead round."""
    level, found = {name}, 0
    while level and found <= NESTING:
        level = {inner for each in level if each in every for inner in uses_of(every[each])}
        found += bool(level)
    return found


def uses_of(workflow: Workflow) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.use for step in workflow.steps if step.use))
