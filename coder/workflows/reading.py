"""Reads a workflow file: head, steps, and everything in it that is wrong by itself. Total, bounded.

Must not know where files lie, nor what steps mean together (checking.py).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from coder.core.ordinary import read_ordinary
from coder.frontmatter.read import split
from coder.frontmatter.values import Unreadable, read
from coder.workflows.controls import step_of
from coder.workflows.keys import Keys, Notes
from coder.workflows.naming import LONGEST, NAME, RESERVED, step_name
from coder.workflows.sections import Section, sections
from coder.workflows.workflow import Argument, Limits, Origin, Problem, Step, Workflow

SIZE = 256 * 1024
STEPS = 200
ARGUMENTS = 50
AGENTS = 1_000  # a budget may name
_HEAD = ("name", "description", "args", "budget", "report")
_REMARKS = frozenset(
    {"version", "author", "license", "tags", "metadata", "title", "argument-hint", "created", "updated"}
)
_MEANT = {
    "arguments": "write args",
    "parameters": "write args",
    "model": "it is a step's: write it in its step block",
    "agent": "it is a step's: write it in its step block",
    "allowed-tools": "steps have what the session and their agents may; no file widens that",
    "steps": "a step is a heading `## name` below the head",
    "output": "write report: the step whose result is the workflow's",
}


def read_workflow(file: Path, origin: Origin, name: str = "") -> tuple[Workflow | None, tuple[Problem, ...]]:
    """None when there is nothing to run, or the file cannot be read; what is wrong either way. Never raises."""
    try:
        data = read_ordinary(file, SIZE + 1)
    except OSError as error:
        return None, (Problem(file, 0, f"it cannot be read: {error.strerror or error}"),)
    return workflow_of(data, file, origin, name)


def workflow_of(data: bytes, file: Path, origin: Origin, name: str = "") -> tuple[Workflow | None, tuple[Problem, ...]]:
    """`name` is what it is called by, "" is as its file is."""
    notes = Notes(file)
    if len(data) > SIZE:
        notes.note(0, f"it is larger than {SIZE // 1024} KiB, so it is not used")
        return None, tuple(notes.found)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        notes.note(data.count(b"\n", 0, error.start) + 1, "it is not UTF-8 from this line on, so it is not used")
        return None, tuple(notes.found)
    if "\0" in text:
        notes.note(text.count("\n", 0, text.index("\0")) + 1, "it holds bytes that are no text, so it is not used")
        return None, tuple(notes.found)
    head = split(text)
    for line, problem in head.problems:
        notes.note(line, problem)
    keys = Keys(head.meta, notes, 1, head.lines)
    first, *rest = sections(head.body, head.first_line)
    if first.blocks:
        notes.note(first.blocks[0].line, "a step block stands below a heading `## name`: there is none above this one")
    steps = _steps(rest, notes)
    keys.unknown((*_HEAD, *_REMARKS), _MEANT)
    found = Workflow(
        name=_name(keys, name or file.stem),
        file=file,
        origin=origin,
        digest=hashlib.sha256(data).hexdigest(),
        description=" ".join(keys.text("description").split()) or _paragraph(first.text),
        arguments=_arguments(keys),
        limits=_limits(keys),
        steps=steps,
        report=_report(keys, steps),
        lines=head.lines,
    )
    if not steps:
        notes.note(0, "it has no step: a step is a heading `## name` with its prompt below")
    problems = sorted(dict.fromkeys(notes.found), key=lambda problem: problem.line)
    return (found if steps else None), tuple(problems)


def _name(keys: Keys, name: str) -> str:
    said = keys.text("name")
    if said and said not in {name, name.rpartition(":")[2]}:
        keys.wrong("name", f"it is called {name}, after its file: name it so, or leave name out", "warning")
    return name


def _report(keys: Keys, steps: tuple[Step, ...]) -> str:
    text = keys.text("report")
    name = step_name(text)
    return name if any(step.name == name for step in steps) else text


def _paragraph(text: str) -> str:
    """The first one that is no heading: it tells people what the workflow is for."""
    for part in text.split("\n\n"):
        line = " ".join(part.split())
        if line and not line.startswith(("#", "<!--", "```")):
            return line[:400]
    return ""


def _steps(found: list[Section], notes: Notes) -> tuple[Step, ...]:
    steps: dict[str, Step] = {}
    for section in found:
        if len(steps) == STEPS:
            notes.note(section.line, f"a workflow has at most {STEPS} steps: the rest is left out")
            break
        name = step_name(section.heading)
        if not name:
            notes.note(
                section.line,
                f"{section.heading[:60]!r} gives no name of a step: letters, digits and dashes, at most 48",
            )
            continue
        if name in RESERVED:
            notes.note(section.line, f"a step cannot be called {name}: the word has a meaning of its own")
            continue
        if name in steps:
            notes.note(section.line, f"the step {name} stands twice: the first is at line {steps[name].line}")
            continue
        steps[name] = step_of(section, name, _block(section, notes))
    return tuple(steps.values())


def _block(section: Section, notes: Notes) -> Keys:
    """The keys of its step block; none where there is no block, or one that cannot be read."""
    if not section.blocks:
        return Keys({}, notes, section.line)
    block = section.blocks[0]
    if len(section.blocks) > 1:
        notes.note(section.blocks[1].line, "a step has one step block: this one does not count")
    if not block.closed:
        notes.note(block.line - 1, "this step block is never closed: put ``` on a line of its own behind it")
    try:
        found = read(block.text)
    except Unreadable as error:
        notes.note(block.line + error.line, f"the step block cannot be read: {error}")
        return Keys({}, notes, block.line)
    for key, line in found.repeated:
        notes.note(block.line + line, f"{key[:60]} stands twice")
    lines = {key: block.line + line for key, line in found.lines.items()}
    return Keys(found.value, notes, block.line, lines)


def _arguments(keys: Keys) -> tuple[Argument, ...]:
    held = keys.values.get("args")
    if held is None:
        return ()
    if isinstance(held, list) and all(isinstance(each, str) for each in held):
        held = {each: {"required": True} for each in held}
    if not isinstance(held, dict) or len(held) > ARGUMENTS:
        keys.wrong("args", f"args must be an object of at most {ARGUMENTS}, such as {{issue: {{required: true}}}}")
        return ()
    line = keys.lines.get("args", keys.line)
    found: list[Argument] = []
    for name, said in held.items():
        if not _is_name(name) or name in RESERVED:
            keys.wrong("args", f"args: {name[:60]!r} is no name of an argument: letters, digits and _")
        else:
            found.append(_argument(name, said, Keys({}, keys.notes, line)))
    return tuple(found)


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST and re.fullmatch(NAME, text) is not None


def _argument(name: str, said: Any, keys: Keys) -> Argument:
    if said is None:
        return Argument(name)
    if not isinstance(said, dict):
        if isinstance(said, list):
            keys.wrong("args", f"args.{name} must be an object, or its default")
            return Argument(name)
        return Argument(name, default=_spelled(said))
    inner = Keys(said, keys.notes, keys.line, {}, f"args.{name}")
    inner.unknown(("required", "default", "about", "choices"), {"description": "write about", "enum": "write choices"})
    required = said.get("required", False)
    if not isinstance(required, bool):
        inner.wrong("required", f"args.{name}.required must be true or false")
    choices = said.get("choices") or ()
    if not isinstance(choices, list | tuple) or any(isinstance(each, list | dict) for each in choices):
        inner.wrong("choices", f"args.{name}.choices must be a list of texts")
        choices = ()
    words = tuple(_spelled(each) for each in choices)
    default = None if said.get("default") is None else _spelled(said["default"])
    if required is True and default is not None:
        inner.wrong("default", f"args.{name} is required, so its default never counts", "warning")
    if default is not None and words and default not in words:
        inner.wrong("default", f"args.{name}: the default {default[:40]!r} is none of its choices")
    return Argument(name, required is True, default, " ".join(inner.text("about").split()), words)


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _limits(keys: Keys) -> Limits:
    inner = keys.inner("budget", "{usd: 3, agents: 12, minutes: 40}")
    if inner is None:
        return Limits()
    inner.unknown(("usd", "agents", "minutes"), {"tokens": "a workflow is bounded by usd, agents and minutes"})
    return Limits(
        inner.whole("agents", Limits().agents, 1, AGENTS),
        inner.number("usd", None, 100_000),
        inner.number("minutes", None, 7 * 24 * 60),
    )
