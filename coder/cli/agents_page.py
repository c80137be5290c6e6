"""The pages of `coder agents`, as text and as JSON. Pure; reads no file but our own prompts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from coder.app.subagents.rows import RosterRow, RosterShelf, own_words
from coder.commands.agents import Agent
from coder.commands.definition import Mistake
from coder.core import agent_servers
from coder.core.messages import Json
from coder.core.visible import visible, visible_line
from coder.frontends.policy.text import WIDTH, labelled, short, wrapped

_NAME = 24  # columns
_WHOSE = 9
_ORIGINS = {
    "built-in": "built into coder",
    "managed": "your administrator's",
    "given": "given with --agents",
    "yours": "your own, in every folder",
    "project": "this project's",
    "added": "of a folder that was added",
    "plugin": "of a plugin",
}


def list_lines(shelf: RosterShelf, cwd: Path, home: Path) -> Iterator[str]:
    """For a terminal: at most 80 columns, one line for each, and below it what is wrong with it."""
    yield from wrapped(f"In {visible_line(short(str(cwd), Path('/'), home))} the model may ask:")
    if shelf.warning:
        yield from wrapped(shelf.warning, "! ", "  ")
    yield ""
    widest = min(max((cell_len(visible_line(row.agent.name)) for row in shelf.rows), default=0), _NAME)
    for row in shelf.rows:
        yield from _row(row, widest, cwd, home)
    for mistake in shelf.mistakes:
        yield from _mistake(mistake, cwd, home)
    yield ""
    yield "What one has and is told: coder agents show NAME"


def plain_lines(shelf: RosterShelf, cwd: Path, home: Path) -> Iterator[str]:
    """For a pipe: a line each, nothing cut; then the mistakes as `path:line: level: text`."""
    width = min(max((cell_len(visible_line(row.agent.name)) for row in shelf.rows), default=0), 40)
    for row in shelf.rows:
        name = visible_line(row.agent.name)
        note = f" [not used: {row.note}]" if row.note else ""
        about = visible_line(f"{row.agent.description}{note}")
        yield f"{name}{' ' * max(0, width - cell_len(name))}  {row.agent.origin:<{_WHOSE}} {about}".rstrip()
    for mistake in _mistakes(shelf):
        yield _said(mistake, cwd, home)


def show_lines(row: RosterRow, cwd: Path, home: Path) -> Iterator[str]:
    agent = row.agent
    yield from wrapped(visible_line(agent.name))
    yield from wrapped(visible_line(agent.description), "  ", "  ")
    yield ""
    yield from labelled("It is", _ORIGINS[agent.origin])
    yield from labelled("File", visible_line(short(str(agent.file), cwd, home)))
    if row.note:
        yield from _warning(f"not used: {short_paths(row.note, cwd, home)}")
    for label, text in _facts(row):
        if text:
            yield from labelled(label, visible_line(text))
    for note in row.notes:
        yield from _warning(note)
    for number, mistake in enumerate(row.mistakes):
        yield from labelled("Mistakes" if not number else "", visible_line(f"line {mistake.line or 1}: {mistake.text}"))
    yield ""
    yield "Its instructions:"
    yield ""
    for text in own_words(agent):
        yield from (f"  {line}".rstrip() for line in visible(text).split("\n"))
        yield ""
    if agent.opening:
        yield from labelled("Begins with", f"{visible_line(agent.opening)} (where a session is this agent: --agent)")
    yield "Behind that stand the facts of the place and then the task" + (
        ", with the project's memory files and the state of git." if agent.knows_project else "."
    )


def _facts(row: RosterRow) -> Iterator[tuple[str, str]]:
    agent = row.agent
    yield "Model", row.model
    yield "Effort", agent.effort or ""
    yield "Tools", ", ".join(agent.tools) if agent.tools is not None else "all of the session's that agents have"
    yield "Not", ", ".join(agent.without)
    yield "Mode", "only reads, in every mode" if agent.reads_only else agent.mode
    yield "At most", ", ".join(_bounds(agent))
    yield "Skills", ", ".join(agent.skills)
    own = agent_servers.described(agent.servers)
    named = agent_servers.named(agent.servers)
    yield "Servers", ", ".join((*named, *(f"{name} (begun for it alone)" for name in own)))
    yield "Hooks", ", ".join(map(str, agent.hooks))
    yield (
        "Memory",
        {"user": "its own, in every folder", "project": "the project's", "local": "yours, here"}.get(agent.memory, ""),
    )
    yield (
        "Works",
        ", ".join(
            said
            for said, is_so in (
                ("in the background", agent.background),
                ("in a work tree of its own", agent.isolation == "worktree"),
            )
            if is_so
        ),
    )


def _bounds(agent: Agent) -> Iterator[str]:
    if agent.max_turns:
        yield f"{agent.max_turns} turns"
    if agent.max_calls:
        yield f"{agent.max_calls} calls of tools"


def _row(row: RosterRow, width: int, cwd: Path, home: Path) -> Iterator[str]:
    mark = "-" if row.note else "!" if row.mistakes or row.notes else " "
    name = visible_line(row.agent.name)
    if cell_len(name) > width:  # a name is never cut: it is what one types
        yield from wrapped(name, f"{mark} ", "    ")
        mark, name = " ", ""
    room = WIDTH - 2 - width - 2 - _WHOSE - 1
    about = _cut(visible_line(row.agent.description), room)
    yield f"{mark} {name}{' ' * (width - cell_len(name))}  {row.agent.origin:<{_WHOSE}} {about}".rstrip()
    if row.note:
        yield from wrapped(visible_line(f"not used: {short_paths(row.note, cwd, home)}"), "    ", "    ")
    for note in row.notes:
        yield from wrapped(visible_line(note), "    ! ", "      ")
    for mistake in row.mistakes:
        yield from _mistake(mistake, cwd, home)


def _mistake(mistake: Mistake, cwd: Path, home: Path) -> Iterator[str]:
    yield from wrapped(_said(mistake, cwd, home), "    ! ", "      ")


def _said(mistake: Mistake, cwd: Path, home: Path) -> str:
    where = f"{visible_line(short(str(mistake.path), cwd, home))}:{mistake.line or 1}"
    return f"{where}: {mistake.level}: {visible_line(short_paths(mistake.text, cwd, home))}"


def _warning(text: str) -> Iterator[str]:
    yield from labelled("", f"! {visible_line(text)}")


def _mistakes(shelf: RosterShelf) -> tuple[Mistake, ...]:
    return (*(mistake for row in shelf.rows for mistake in row.mistakes), *shelf.mistakes)


def has_errors(shelf: RosterShelf) -> bool:
    return any(mistake.level == "error" for mistake in _mistakes(shelf))


def shelf_json(shelf: RosterShelf, cwd: Path) -> Json:
    return {
        "cwd": str(cwd),
        "agents": [row_json(row) for row in shelf.rows],
        "mistakes": [mistake_json(mistake) for mistake in shelf.mistakes],
        "warning": shelf.warning,
    }


def row_json(row: RosterRow) -> Json:
    agent = row.agent
    return {
        "name": agent.name,
        "description": agent.description,
        "origin": agent.origin,
        "file": str(agent.file),
        "used": not row.note,
        "note": row.note,
        "notes": list(row.notes),
        "model": row.model,
        "effort": agent.effort,
        "tools": list(agent.tools) if agent.tools is not None else None,
        "disallowed_tools": list(agent.without),
        "mode": agent.mode,
        "reads_only": agent.reads_only,
        "max_turns": agent.max_turns,
        "max_calls": agent.max_calls,
        "skills": list(agent.skills),
        "servers": [*agent_servers.named(agent.servers)],
        "own_servers": [*agent_servers.described(agent.servers)],
        "hooks": sorted(map(str, agent.hooks)),
        "memory": agent.memory,
        "background": agent.background,
        "isolation": agent.isolation,
        "mistakes": [mistake_json(mistake) for mistake in row.mistakes],
    }


def mistake_json(mistake: Mistake) -> Json:
    return {"file": str(mistake.path), "line": mistake.line, "level": mistake.level, "text": mistake.text}


def short_paths(text: str, cwd: Path, home: Path) -> str:
    """With paths as people write them."""
    return text.replace(f"{cwd}/", "").replace(f"{home}/", "~/")


def _cut(text: str, width: int) -> str:
    return str(set_cell_size(text, width)) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
