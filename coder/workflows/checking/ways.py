"""What is wrong with the ways between steps: targets, circles, steps nobody comes to, routes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from coder.workflows.checking.said import Said, line_of, meant
from coder.workflows.flow import Flow, open_values, spelled
from coder.workflows.types import options
from coder.workflows.workflow import END, NEXT, STOP, Step, Workflow


def way_problems(workflow: Workflow, flow: Flow) -> Iterator[Said]:
    names = [step.name for step in workflow.steps]
    for step in workflow.steps:
        yield from _targets(step, names)
        yield from _route(workflow, step)
    if flow.cycle:
        *_, last, first = flow.cycle
        edge = next(each for each in flow.edges if each[:2] == (last, first) and each.kind != "loop")
        closing = workflow.step(last)
        assert closing is not None
        text = f"{' → '.join(flow.cycle)} goes round without a bound: lead back with until: {{when, goto, max}}"
        yield Said(line_of(closing, edge.key), text)
    for step in workflow.steps:
        if step.name not in flow.reached:
            yield Said(step.line, f"no step leads to {step.name}")
        if step.until is not None and step.until.goto in names and step.until.goto != step.name:
            back = flow.from_here(step.until.goto, loops=False)
            if step.name not in back:
                text = f"until goes to {step.until.goto}, from where nothing leads back to {step.name}"
                yield Said(line_of(step, "until"), text, "warning")
    yield from _falls(workflow)


def _targets(step: Step, names: list[str]) -> Iterator[Said]:
    said = [("next", step.next, (END, STOP)), ("on_fail", step.on_fail.then, (END, STOP, NEXT))]
    said += [("route", target, (END, STOP)) for target in step.route.values()]
    if step.until is not None:
        said += [("until", step.until.goto, ()), ("until", step.until.then, (END, STOP, NEXT))]
    for key, target, words in said:
        if target and target not in names and target not in words:
            yield Said(line_of(step, key), f"{key}: there is no step {target[:60]!r}{meant(target, names, 'steps')}")
    if step.next == step.name:
        yield Said(line_of(step, "next"), f"next leads from {step.name} to itself")


def _route(workflow: Workflow, step: Step) -> Iterator[Said]:
    if not step.route:
        if step.route_on:
            yield Said(line_of(step, "route_on"), "route_on without route")
        return
    line = line_of(step, "route")
    if step.each is not None:
        yield Said(line, "a step with each comes to a list, which leads nowhere: route in a step behind it")
        return
    choices = step.out.choices if step.out is not None else ()
    if step.route_on not in choices:
        yield Said(line, no_field(step.route_on, choices, "route", "route_on"))
        return
    assert step.out is not None
    field = step.out.field(step.route_on)
    words = [spelled(value) for value in options(field.of)] if field is not None else []
    for word in step.route:
        if word != "else" and word not in words:
            yield Said(line, f"route: {step.route_on} is never {word[:60]!r}{meant(word, words, 'values')}")
    left = open_values(step)
    if left and "else" not in step.route:
        text = f"route says nothing of {', '.join(left)}: add it, or else: …, or it goes on with the step below"
        yield Said(line, text, "warning")
    if not left and "else" in step.route:
        yield Said(line, "route: every value has its way, so else never counts", "warning")


def no_field(name: str, choices: tuple[str, ...], what: str, key: str) -> str:
    if name:
        return f"{what}: {name[:60]} is no field of out with a finite choice{meant(name, choices, 'such fields')}"
    if not choices:
        return f"{what} needs a field of out with a finite choice, such as out: {{kind: bug|feature}}"
    return f"{what}: out has several choices ({', '.join(choices)}): say which by {key}"


def _falls(workflow: Workflow) -> Iterator[Said]:
    """A branch of a route that runs into the branch written below it."""
    for router in workflow.steps:
        branches = {target for target in router.route.values() if workflow.step(target) is not None}
        for above, step in zip(workflow.steps, workflow.steps[1:], strict=False):
            if above is router or above.name not in branches or step.name not in branches:
                continue
            if not above.next and not above.route:
                text = f"{above.name} goes on with {step.name}, another way of {router.name}'s route: say next"
                yield Said(above.line, text, "warning")
