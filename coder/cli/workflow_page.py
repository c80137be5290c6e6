"""The pages of `coder workflow`, as text and as JSON: lists, problems, what was written. Pure; reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.policy.text import WIDTH, short, wrapped
from coder.workflows.graph import mermaid
from coder.workflows.library import Entry, Library
from coder.workflows.told import call_of, step_lines
from coder.workflows.types import schema
from coder.workflows.workflow import Problem, Step, Workflow

_CALL = 30  # columns
_WHOSE = 9


def call(entry: Entry) -> str:
    return visible_line(call_of(entry.workflow) if entry.workflow is not None else f"/{entry.name}")


def list_lines(found: Library, cwd: Path, home: Path) -> Iterator[str]:
    yield from wrapped(f"In {visible_line(short(str(cwd), Path('/'), home))}")
    yield ""
    if not found.entries:
        yield "  None. To write one: coder workflow new NAME --pattern chain"
    width = min(max((cell_len(call(entry)) for entry in found.entries), default=0), _CALL)
    for entry in found.entries:
        yield from _row(entry, width, cwd, home)
    wrong = [entry for entry in found.entries if entry.checked.errors and not entry.note]
    if wrong or found.problems:
        yield ""
        count = len(wrong) + len(found.problems)
        yield from wrapped(f"{many(count, 'file')} with errors: coder workflow check names them", "! ", "  ")


def _row(entry: Entry, width: int, cwd: Path, home: Path) -> Iterator[str]:
    mark = "-" if entry.note else "!" if entry.checked.errors else " "
    about = visible_line(entry.workflow.description) if entry.workflow is not None else "(cannot be read)"
    named = call(entry)
    if cell_len(named) > width:
        yield from wrapped(named, f"{mark} ", "    ")
        mark, named = " ", ""
    room = WIDTH - 2 - width - 2 - _WHOSE - 1
    about = about if cell_len(about) <= room else f"{set_cell_size(about, room - 1)}…"
    padded = named + " " * max(0, width - cell_len(named))
    yield f"{mark} {padded}  {entry.origin:<{_WHOSE}} {about}".rstrip()
    if entry.note:
        yield from wrapped(brief(entry.note, cwd, home), "    not used: ", "    ")
    if entry.hides is not None:
        yield from wrapped(brief(str(entry.hides), cwd, home), "    in place of the command ", "    ")


def check_lines(entries: Sequence[Entry], problems: Sequence[Problem], cwd: Path, home: Path) -> Iterator[str]:
    """`path:line: level: text`, whole, each on a line; then what was looked at."""
    for problem in problems:
        where = f"{visible_line(short(str(problem.path), cwd, home))}:{problem.line or 1}"
        yield f"{where}: {problem.level}: {brief(problem.text, cwd, home)}"
    if not entries and not problems:
        yield "Nothing to check: no workflow of yours or the project's here."
        return
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    found = [many(errors, "error") if errors else "", many(warnings, "warning") if warnings else ""]
    yield f"{many(len(entries), 'workflow')}: {' and '.join(filter(None, found)) or 'nothing wrong'}"


def check_json(entries: Sequence[Entry], problems: Sequence[Problem]) -> Json:
    errors = sum(problem.level == "error" for problem in problems)
    return {
        "workflows": [entry_json(entry) for entry in entries],
        "problems": [_problem(problem) for problem in problems],
        "errors": errors,
        "warnings": len(problems) - errors,
    }


def library_json(found: Library) -> Json:
    return {
        "workflows": [entry_json(entry) for entry in found.entries],
        "problems": [_problem(problem) for problem in found.problems],
    }


def entry_json(entry: Entry) -> Json:
    about: Json = {
        "name": entry.name,
        "file": str(entry.file),
        "origin": entry.origin,
        "used": not entry.note,
        "note": entry.note,
        "hides": str(entry.hides) if entry.hides is not None else None,
        "problems": [_problem(problem) for problem in entry.checked.problems],
    }
    one, worst = entry.workflow, entry.checked.worst
    if one is None:
        return about
    return {
        **about,
        "description": one.description,
        "arguments": [asdict(argument) for argument in one.arguments],
        "budget": asdict(one.limits),
        "worst": asdict(worst) if worst is not None else None,
        "digest": one.digest,
        "steps": [_step(one, step) for step in one.steps],
        "graph": mermaid(one),
    }


def _step(one: Workflow, step: Step) -> Json:
    about: Json = {"name": step.name, "line": step.line, "agent": step.agent, "use": step.use, "prompt": step.prompt}
    out = schema(step.out) if step.out is not None else None
    return {**about, "out": out, "does": list(step_lines(one, step))}


def _problem(problem: Problem) -> Json:
    return {"file": str(problem.path), "line": problem.line, "level": problem.level, "text": problem.text}


def new_lines(name: str, file: Path, rival: Entry | None, cwd: Path, home: Path) -> Iterator[str]:
    where = visible_line(short(str(file), cwd, home))
    yield f"Written: {where}"
    if rival is not None:
        theirs = f"{visible_line(short(str(rival.file), cwd, home))} ({rival.origin})"
        yield from wrapped(f"/{name} was {theirs} so far. Which one counts: coder workflow list", "! ", "  ")
    yield "Edit it, then:"
    tries = {
        f"coder workflow check {name}": "what is wrong with it, and the most it may cost",
        f"coder workflow show {name}": "what it does, step by step",
        f"/{name} WORDS": "in a session",
    }
    width = min(max(map(cell_len, tries)), 40)
    yield from (f"  {what:<{width}}  {why}" for what, why in tries.items())


def many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def brief(text: str, cwd: Path, home: Path) -> str:
    """With paths as people write them."""
    return visible_line(text).replace(f"{cwd}/", "").replace(f"{home}/", "~/")
