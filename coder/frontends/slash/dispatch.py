"""Runs a line that begins with a slash. Must not know what any command does, nor any front end."""

from __future__ import annotations

from coder.core.errors import CoderError
from coder.frontends.desk import Desk
from coder.frontends.slash.registry import BUILT_IN, Command, find, nearest, with_files
from coder.frontends.slash.saying import refused, shown


def is_command(line: str) -> bool:
    """Whether a line is meant for coder: a slash and a letter or `?`, and no second slash as in a path."""
    name = line.split(maxsplit=1)[0] if line.strip() else ""
    return name.startswith("/") and name[1:2].isalpha() and "/" not in name[1:]


def is_for_any_time(line: str, commands: tuple[Command, ...] = BUILT_IN) -> bool:
    """Whether the command of a line answers at once while a run is on."""
    command = find(parse(line)[0], commands)
    return command is not None and command.any_time


def parse(line: str) -> tuple[str, str]:
    """The name without its slash, and the rest."""
    name, _, rest = line.strip().partition(" ")
    head, newline, tail = name.partition("\n")
    return head[1:], f"{tail}{' ' if newline and rest else ''}{rest}".strip()


async def run_line(desk: Desk, line: str) -> bool:
    """Whether there is such a command. What it could not do is said in one row. A line without a command of that name
    goes back into the prompt, and is never sent to the model."""
    name, arguments = parse(line)
    commands = with_files(desk.session.commands)
    command = find(name, commands)
    is_prompt = not command.module if command is not None else desk.session.servers.may_prompt(name)
    if is_prompt:
        desk.send(line)
        return True
    if command is None:
        near = nearest(name, commands)
        hint = f" Did you mean /{near}?" if near else " /help lists the commands."
        refused(desk.ui, f"There is no /{shown(name, 40)}.{hint}")
        desk.ui.set_draft(line)
        return False
    try:
        await command.load()(desk, arguments)
    except CoderError as error:
        refused(desk.ui, shown(error, 600))
    except OSError as error:
        what = f"{shown(error.filename)}: " if error.filename else ""
        refused(desk.ui, f"/{command.name} could not be done: {what}{shown(error.strerror or error)}.")
    return True
