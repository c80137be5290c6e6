"""The page of `coder workflow show`: what a workflow is and does, step by step, what it may cost, its graph. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coder.cli.workflow_page import brief, call
from coder.core.visible import visible_line
from coder.frontends.policy.text import labelled, short, wrapped
from coder.workflows.graph import mermaid
from coder.workflows.library import Entry
from coder.workflows.told import step_lines, worst_line
from coder.workflows.workflow import Workflow

_ORIGINS = {
    "managed": "the administrator's",
    "yours": "yours",
    "project": "the project's",
    "added": "of a folder that was added",
    "plugin": "of a plugin",
    "built-in": "built in; a copy in .coder/workflows/ takes its place",
}


def show_lines(entry: Entry, cwd: Path, home: Path, *, is_new: bool) -> Iterator[str]:
    """`is_new`: the person has not said yes to it yet."""
    one = entry.workflow
    yield from wrapped(call(entry))
    about = one.description if one is not None else ""
    yield from wrapped(visible_line(about) or "(says nothing of what it does)", "  ", "  ")
    yield ""
    yield from labelled("Whose", _ORIGINS[entry.origin])
    yield from labelled("File", visible_line(short(str(entry.file), cwd, home)))
    if entry.note:
        yield from labelled("", f"! not used: {brief(entry.note, cwd, home)}")
    elif is_new:
        yield from labelled("", "! you have not run it as it is now: it is shown to you before it runs")
    for number, problem in enumerate(entry.checked.problems):
        text = f"line {problem.line or 1}: {problem.level}: {brief(problem.text, cwd, home)}"
        yield from labelled("Problems" if not number else "", text)
    if one is not None:
        yield from _workflow(entry, one)


def worst_lines(entry: Entry) -> Iterator[str]:
    """The graph, and the worst case."""
    if entry.workflow is not None:
        yield from ("", *mermaid(entry.workflow).split("\n"), "")
        yield from labelled("Worst case", worst_line(entry.checked.worst, entry.workflow))


def _workflow(entry: Entry, one: Workflow) -> Iterator[str]:
    for number, argument in enumerate(one.arguments):
        facts = [argument.about, "required" if argument.required else ""]
        facts += [f"default {argument.default}" if argument.default else "", " or ".join(argument.choices)]
        said = "; ".join(filter(None, facts))
        text = f"{argument.name}: {said}" if said else argument.name
        yield from labelled("Arguments" if not number else "", visible_line(text))
    yield from labelled("Worst case", worst_line(entry.checked.worst, one))
    yield from labelled("Result", visible_line(one.report) if one.report else "that of the last step that ran")
    for number, step in enumerate(one.steps, 1):
        yield ""
        yield from wrapped(f"{number}. {visible_line(step.name)}")
        for sentence in step_lines(one, step):
            yield from wrapped(visible_line(sentence), "   - ", "     ")
    yield from ("", *mermaid(one).split("\n"))
