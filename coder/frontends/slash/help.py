"""`/help`: the commands, the keys, and where to read more. Must not know what a command does."""

from __future__ import annotations

from coder.frontends.desk import Desk
from coder.frontends.slash.pages import look, width_for
from coder.frontends.slash.registry import BUILT_IN, Command, find, nearest, with_files
from coder.frontends.slash.saying import refused, shown
from coder.frontends.styled import Row, row, rows_of

_NARROW = 60
_NAME = 28  # columns
_LONGEST = 200  # characters of what a file says of itself
_KEYS = (
    ("enter", "sends", "esc", "stops a run"),
    ("\\ enter", "new line", "esc esc", "goes back to an earlier point"),
    ("@", "files", "shift+tab", "next permission mode"),
    ("!", "your shell", "ctrl+o", "everything that happened"),
    ("#", "a note to keep", "ctrl+t", "folds the todo list"),
    ("↑", "earlier messages", "ctrl+g", "your editor"),
)


async def run(desk: Desk, arguments: str) -> None:
    if arguments:
        _one(desk, arguments.removeprefix("/").split()[0])
        return
    await look(desk.ui, help_rows(width_for(desk.ui), with_files(desk.session.commands)), hang=4)


def _one(desk: Desk, name: str) -> None:
    commands = with_files(desk.session.commands)
    command = find(name, commands)
    if command is None:
        near = nearest(name, commands)
        refused(desk.ui, f"There is no /{shown(name, 40)}.{f' Did you mean /{near}?' if near else ''}")
        return
    also = "".join(f" · also /{alias}" for alias in command.aliases)
    desk.ui.say([row((_call(command), "bold"), f"  {_about(command)}", (also, "dim"))])


def help_rows(width: int, commands: tuple[Command, ...] = BUILT_IN) -> list[Row]:
    rows: list[Row] = []
    for key, does, other, other_does in _KEYS:
        if width < _NARROW:
            rows += [row(f"  {key:<10}{does}"), row(f"  {other:<10}{other_does}")]
        else:
            rows.append(row(f"  {key:<10}{does:<20}{other:<11}{other_does}"))
    rows += [
        row(("  All keys: coder help keys · all options: coder help options", "dim")),
        row(""),
        row(("Commands", "bold")),
    ]
    for command in commands:
        if width < _NARROW:
            rows += [row(f"  {_call(command)}"), *rows_of([f"    {_about(command)}"], "dim")]
        else:
            rows.append(row(f"  {_call(command):<{_NAME}}", _about(command)))
    return rows


def _call(command: Command) -> str:
    return shown(f"/{command.name} {command.hint}".rstrip(), _LONGEST)


def _about(command: Command) -> str:
    whose = f" ({command.origin})" if command.origin else ""
    return shown(f"{command.about}{whose}", _LONGEST)
