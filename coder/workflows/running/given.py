"""The arguments of a run, from what a person typed. Must not know where they typed it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence

from coder.workflows.workflow import Argument, Workflow, WorkflowError

_NAMED = re.compile(r"""(?:\A|(?<=\s))(?P<name>\w[\w-]*)=(?P<value>"[^"]*"|'[^']*'|[^\s"']\S*|)(?=\s|\Z)""")


def given(workflow: Workflow, named: Mapping[str, str], words: Sequence[str] = ()) -> dict[str, str]:
    """All arguments by name. `words` are for those that are not named, in the order of the file; the last of them takes
    all that are left. Raises WorkflowError."""
    known = {argument.name for argument in workflow.arguments}
    for name in named:
        if name not in known:
            has = f"it has {', '.join(sorted(known))}" if known else "it has none"
            raise WorkflowError(f"The workflow {workflow.name} has no argument {name!r}: {has}.")
    values = dict(named)
    open_ = [argument for argument in workflow.arguments if argument.name not in named]
    for index, argument in enumerate(open_[: len(words)]):
        is_last = index == len(open_) - 1
        values[argument.name] = " ".join(words[index:]) if is_last else words[index]
    if words and not open_:
        raise WorkflowError(f"The workflow {workflow.name} has no argument for {' '.join(words)[:80]!r}.")
    for argument in workflow.arguments:
        _fill_in(workflow, argument, values)
    return {argument.name: values[argument.name] for argument in workflow.arguments if argument.name in values}


def typed(workflow: Workflow, text: str) -> dict[str, str]:
    """From what stands behind the name on a line: `name=value` words, others in their order. One argument alone takes
    all of it, as it is. So does one that alone is required, but for the `name=value` words: a sentence is not cut at
    its blanks, unless it begins with a quote. Raises WorkflowError."""
    names = {argument.name for argument in workflow.arguments}
    text = text.strip()
    if len(names) == 1 and not any(text.startswith(f"{name}=") for name in names):
        return given(workflow, {}, [text] if text else [])
    required = [argument.name for argument in workflow.arguments if argument.required]
    if len(required) == 1:
        held, rest = _without_named(text, names)
        if rest and rest[0] not in "\"'" and required[0] not in held:
            return given(workflow, {**held, required[0]: rest})
    try:
        words = shlex.split(text)
    except ValueError:  # a quote without its other half is a letter
        words = text.split()
    named: dict[str, str] = {}
    others: list[str] = []
    for word in words:
        name, sign, value = word.partition("=")
        if sign and name in names and name not in named:
            named[name] = value
        else:
            others.append(word)
    return given(workflow, named, others)


def _without_named(text: str, names: Collection[str]) -> tuple[dict[str, str], str]:
    """The `name=value` words of a text, the first of each name, and the rest as it is."""
    held: dict[str, str] = {}
    rest: list[str] = []
    at = 0
    for match in _NAMED.finditer(text):
        name, value = match["name"], match["value"]
        if name in names and name not in held:
            held[name] = value[1:-1] if value[:1] in {'"', "'"} else value
            rest.append(text[at : match.start()].strip())
            at = match.end()
    return held, " ".join(filter(None, [*rest, text[at:].strip()]))


def _fill_in(workflow: Workflow, argument: Argument, values: dict[str, str]) -> None:
    name = argument.name
    if name not in values:
        if argument.default is not None:
            values[name] = argument.default
        elif argument.required:
            about = f" ({argument.about})" if argument.about else ""
            raise WorkflowError(f"The workflow {workflow.name} needs {name}{about}: /{workflow.name} {name}=…")
        else:
            values[name] = ""
    if argument.choices and values[name] and values[name] not in argument.choices:
        raise WorkflowError(
            f"{name} of the workflow {workflow.name} is {' or '.join(argument.choices)}, not {values[name][:60]!r}."
        )
