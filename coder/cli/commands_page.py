"""The pages of `coder commands`, as text and as JSON: lists, mistakes, what was written. Pure; reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from coder.app.commanding.rows import KINDS, CommandRow, Kind, Shelf
from coder.commands.check import Examined
from coder.commands.definition import Mistake
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.policy.text import WIDTH, short, wrapped

TITLES: dict[Kind, str] = {
    "command": "Commands",
    "skill": "Skills",
    "agent": "Agents",
    "output style": "Output styles",
}
_CALL = 24  # columns
_WHOSE = 9


def call(row: CommandRow) -> str:
    """As it is typed."""
    slash = "/" if row.kind in ("command", "skill") else ""
    return visible_line(f"{slash}{row.name} {row.hint}".strip())


def list_lines(shelf: Shelf, rows: Sequence[CommandRow], cwd: Path, home: Path) -> Iterator[str]:
    """For a terminal: at most 80 columns, one line for each, two for one that does not count."""
    yield from wrapped(f"In {visible_line(short(str(cwd), Path('/'), home))}")
    if shelf.warning:
        yield from wrapped(f"{shelf.warning}: nothing of this counts.", "! ", "  ")
    if not rows:
        yield from ("", "  None. To write one: coder commands new NAME")
    widest = max((cell_len(call(row)) for row in rows), default=0)
    for kind in KINDS:
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind:
            yield from ("", TITLES[kind])
        for row in of_kind:
            yield from _row(row, min(widest, _CALL), cwd, home)
    wrong = {row.file for row in rows if row.mistakes} | {mistake.path for mistake in shelf.mistakes}
    if wrong or shelf.notice:
        yield ""
    if wrong:
        yield from wrapped(f"{_many(len(wrong), 'file')} with mistakes: coder commands check names them", "! ", "  ")
    if shelf.notice:
        yield from wrapped(f"{shelf.notice[:1].upper()}{shelf.notice[1:]}", "! ", "  ")


def _row(row: CommandRow, width: int, cwd: Path, home: Path) -> Iterator[str]:
    mark = "-" if row.note else "!" if row.mistakes else " "
    room = WIDTH - 2 - width - 2 - _WHOSE - 1
    named = call(row)
    if cell_len(named) > width and cell_len(row.name) + 2 > width:  # a name is never cut: it is what one types
        yield from wrapped(named, f"{mark} ", "    ")
        mark, named = " ", ""
    rest = f"{row.origin:<{_WHOSE}} {_cut(visible_line(row.about), room)}"
    yield f"{mark} {_cut(named, width)}  {rest}".rstrip()
    if row.note:
        yield from wrapped(visible_line(brief(row.note, cwd, home)), "    not used: ", "    ")


def plain_lines(rows: Sequence[CommandRow]) -> Iterator[str]:
    """For a pipe: a line each, aligned, nothing cut."""
    calls = [call(row) for row in rows]
    width = min(max(map(cell_len, calls), default=0), 40)
    for row, named in zip(rows, calls, strict=True):
        padded = named + " " * max(0, width - cell_len(named))
        notes = [f"[not used: {row.note}]"] if row.note else []
        notes += [f"[{_many(len(row.mistakes), 'mistake')}]"] if row.mistakes else []
        about = visible_line(" ".join((row.about, *notes)).strip())
        yield f"{row.kind:<12}  {padded}  {row.origin:<{_WHOSE}} {about}".rstrip()


def shelf_json(shelf: Shelf, rows: Sequence[CommandRow], cwd: Path) -> Json:
    return {
        "cwd": str(cwd),
        "commands": [row_json(row) for row in rows],
        "mistakes": [mistake_json(mistake) for mistake in shelf.mistakes],
        "notice": shelf.notice,
        "warning": shelf.warning,
    }


def row_json(row: CommandRow) -> Json:
    found: Json = {
        "kind": row.kind,
        "name": row.name,
        "hint": row.hint,
        "description": row.about,
        "origin": row.origin,
        "file": str(row.file),
        "used": not row.note,
        "note": row.note,
        "mistakes": [mistake_json(mistake) for mistake in row.mistakes],
    }
    one = row.definition
    if one is None:
        return found
    return {
        **found,
        "when": one.when,
        "model_may": one.model_may and one.origin != "built-in",
        "person_may": one.person_may,
        "allowed_tools": list(one.grants),
        "disallowed_tools": list(one.without),
        "model": one.model,
        "effort": one.effort,
        "paths": list(one.paths),
        "hooks": sorted(map(str, one.hooks)),
    }


def mistake_json(mistake: Mistake) -> Json:
    return {"file": str(mistake.path), "line": mistake.line, "level": mistake.level, "text": mistake.text}


def check_lines(done: Examined, folder: Path, home: Path) -> Iterator[str]:
    """`path:line: level: text`, whole, each on a line; then what was looked at."""
    for mistake in done.mistakes:
        where = f"{visible_line(short(str(mistake.path), folder, home))}:{mistake.line or 1}"
        yield f"{where}: {mistake.level}: {visible_line(brief(mistake.text, folder, home))}"
    yield _summary(done)


def check_json(done: Examined) -> Json:
    return {
        "mistakes": [mistake_json(mistake) for mistake in done.mistakes],
        "checked": dict(done.counts),
        "errors": _errors(done),
        "warnings": len(done.mistakes) - _errors(done),
    }


def _summary(done: Examined) -> str:
    looked = [_many(done.counts[kind], kind) for kind in (*KINDS, "hook file") if done.counts.get(kind)]
    if not looked and not done.mistakes:
        return "Nothing to check: no command, skill, agent, output style or hooks here."
    errors = _errors(done)
    warnings = len(done.mistakes) - errors
    found = [_many(errors, "error") if errors else "", _many(warnings, "warning") if warnings else ""]
    return f"{', '.join(looked) or 'Nothing readable'}: {' and '.join(filter(None, found)) or 'no mistakes'}"


def new_lines(name: str, file: Path, rival: CommandRow | None, cwd: Path, home: Path) -> Iterator[str]:
    where = visible_line(short(str(file), cwd, home))
    yield f"Written: {where}"
    if rival is not None:
        theirs = f"{visible_line(short(str(rival.file), cwd, home))} ({rival.origin})"
        yield from wrapped(
            f"/{name} was {theirs} so far. Which one counts now: coder commands show {name}",
            "! ",
            "  ",
        )
    yield "Edit it, then:"
    tries = {
        f"coder commands check {where}": "what is wrong with it",
        f"coder commands show {name} WORDS": "what the model would be sent",
        f"/{name} WORDS": "in a session, also in one that is open",
    }
    width = min(max(map(cell_len, tries)), 36)
    yield from (f"  {what:<{width}}  {why}" for what, why in tries.items())


def _errors(done: Examined) -> int:
    return sum(mistake.level == "error" for mistake in done.mistakes)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def brief(text: str, cwd: Path, home: Path) -> str:
    """With paths as people write them."""
    return text.replace(f"{cwd}/", "").replace(f"{home}/", "~/")


def _cut(text: str, width: int) -> str:
    return str(set_cell_size(text, width)) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
