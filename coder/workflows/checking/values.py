"""What is wrong with the names in prompts, conditions, commands and lists: what there is not, or never can be. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from coder.workflows.checking.said import Said, line_of, meant
from coder.workflows.checking.types import Types
from coder.workflows.commands import command_problems
from coder.workflows.conditions import Compare, Path, Value, comparisons_of, parse, paths_of
from coder.workflows.flow import spelled
from coder.workflows.naming import RESERVED, odd_places, places
from coder.workflows.types import ANY, Many, options
from coder.workflows.workflow import Step, Workflow, WorkflowError


def value_problems(workflow: Workflow, types: Types) -> Iterator[Said]:
    yield from _clashes(workflow)
    for step in workflow.steps:
        yield from _prompt(step, types)
        yield from _each(step, types)
        yield from _texts(step, types)
        if step.only_if:
            yield from _condition(step.only_if, "when", step, types, after=False)
        if step.until is not None:
            yield from _condition(step.until.when, "until", step, types, after=True)
    yield from _report(workflow, types)
    yield from _unused(workflow)


def _clashes(workflow: Workflow) -> Iterator[Said]:
    arguments = {argument.name for argument in workflow.arguments}
    for step in workflow.steps:
        if step.name in arguments:
            yield Said(step.line, f"{step.name} is an argument too: call the step or the argument otherwise")
        if step.each is not None:
            name = step.each.name
            if name in arguments or workflow.step(name) is not None or name in RESERVED:
                yield Said(line_of(step, "each"), f"each: {name} means something already: call the item otherwise")


def _prompt(step: Step, types: Types) -> Iterator[Said]:
    for place in places(step.prompt):
        line = step.text_lines[place.line] if place.line < len(step.text_lines) else step.line
        found = types.at(place.path, step, item=True)
        if isinstance(found, str):
            yield Said(line, f"{{{{{place.path}}}}}: {found}")
    for place in odd_places(step.prompt):
        line = step.text_lines[place.line] if place.line < len(step.text_lines) else step.line
        yield Said(line, f"{place.path} is sent as it is: a place is {{{{name}}}} or {{{{step.field}}}}", "warning")


def _each(step: Step, types: Types) -> Iterator[Said]:
    if step.each is None or not step.each.of:
        return
    found = types.at(step.each.of, step)
    if isinstance(found, str):
        yield Said(line_of(step, "each"), f"each: {found}")
    elif found != ANY and not isinstance(found, Many):
        yield Said(line_of(step, "each"), f"each: {step.each.of} is no list: give its step out: {{…: [str]}}")


def _texts(step: Step, types: Types) -> Iterator[Said]:
    """Those of a block that have places in them."""
    texts = [("gate", step.gate.run if step.gate is not None else "", False, True), ("approve", step.ask, False, False)]
    texts += [("with", text, True, False) for text in step.given.values()]
    for key, text, item, after in texts:
        for place in places(text):
            found = types.at(place.path, step, item=item, after=after)
            if isinstance(found, str):
                yield Said(line_of(step, key), f"{key}: {{{{{place.path}}}}}: {found}")
    if step.gate is not None:
        yield from (Said(line_of(step, "gate"), f"gate: {problem}") for problem in command_problems(step.gate.run))


def _condition(text: str, key: str, step: Step, types: Types, *, after: bool) -> Iterator[Said]:
    line = line_of(step, key)
    try:
        condition = parse(text)
    except WorkflowError as error:
        yield Said(line, f"{key}: {error}")
        return
    for path in paths_of(condition):
        found = types.at(path, step, after=after)
        if isinstance(found, str):
            yield Said(line, f"{key}: {found}")
    for comparison in comparisons_of(condition):
        yield from (Said(line, f"{key}: {text}", "error") for text in _never(comparison, step, types, after=after))
        yield from (Said(line, f"{key}: {text}", "warning") for text in _doubtful(comparison, types))


def _never(comparison: Compare, step: Step, types: Types, *, after: bool) -> Iterator[str]:
    """A choice compared with what it never is."""
    left, right = comparison.left, comparison.right
    if not isinstance(left, Path) or not isinstance(right, Value) or comparison.sign not in {"==", "!=", "in"}:
        return
    of = types.at(left.path, step, after=after)
    known = () if isinstance(of, str) else options(of)
    if not known or (comparison.sign == "in" and not isinstance(right.value, list)):
        return
    for value in right.value if comparison.sign == "in" else [right.value]:
        if value is not None and not any(type(value) is type(each) and value == each for each in known):
            words = [spelled(each) for each in known]
            yield f"{left.path} is never {value!r}{meant(str(value), words, 'values')}"


def _doubtful(comparison: Compare, types: Types) -> Iterator[str]:
    right = comparison.right
    if isinstance(right, Value) and right.word and types.workflow.steps:
        name = str(right.value)
        if name in {argument.name for argument in types.workflow.arguments}:
            yield f"{name} is read as a word here: for the argument write args.{name}"


def _report(workflow: Workflow, types: Types) -> Iterator[Said]:
    line = workflow.lines.get("report", 1)
    found = places(workflow.report)
    if workflow.report and not found and workflow.step(workflow.report) is None:
        names = [step.name for step in workflow.steps]
        text = f"report: there is no step {workflow.report[:60]!r}{meant(workflow.report, names, 'steps')}"
        yield Said(line, text)
    for place in found:
        of = types.at(place.path, None)
        if isinstance(of, str):
            yield Said(line, f"report: {{{{{place.path}}}}}: {of}")


def _unused(workflow: Workflow) -> Iterator[Said]:
    used: set[str] = set()
    for step in workflow.steps:
        texts = [step.prompt, step.ask, *step.given.values(), step.gate.run if step.gate is not None else ""]
        paths = [place.path for text in texts for place in places(text)]
        for condition in (step.only_if, step.until.when if step.until is not None else ""):
            try:
                paths += paths_of(parse(condition)) if condition else ()
            except WorkflowError:
                continue
        used |= {part for path in paths for part in path.split(".")[:2]}
    used |= {part for place in places(workflow.report) for part in place.path.split(".")[:2]}
    for argument in workflow.arguments:
        if argument.name not in used:
            yield Said(workflow.lines.get("args", 1), f"the argument {argument.name} is used nowhere", "warning")
