"""A command line as the policy sees it: fully understood, or why not, with what could be salvaged. Knows no rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from coder.permissions.command import Command
from coder.permissions.paths import locate, path_of
from coder.permissions.reader import read
from coder.permissions.salvage import salvage
from coder.permissions.syntax import NotUnderstood
from coder.permissions.tree import agrees
from coder.permissions.walk import Walk
from coder.permissions.world import World

_MOST_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class Shell:
    """`problem` is "" when every command is known for certain; else `commands` are guesses, good only for saying no.

    `moved`: a command may run in another folder than the first.
    """

    source: str
    commands: tuple[Command, ...]
    problem: str = ""
    moved: bool = False

    @property
    def understood(self) -> bool:
        return not self.problem


def understand(source: str, world: World) -> Shell:
    """Never raises, whatever the text. Loads the shell grammar the first time it meets a plain command."""
    try:
        script = read(source)
    except NotUnderstood as refusal:
        return Shell(source, _placed(salvage(source), world), refusal.part)
    walk = Walk(script.body, world)
    problem = walk.problem
    if not problem and not agrees(source, script.marks):
        problem = "a form that can be read in two ways"
    if problem:
        return Shell(source, (*walk.commands, *_placed(salvage(source), world)), problem, walk.moved)
    return Shell(source, walk.commands, moved=walk.moved)


def _placed(commands: tuple[Command, ...], world: World) -> tuple[Command, ...]:
    """The commands with every folder they may run in, `cd` followed as far as that can be told."""
    folders: tuple[Path, ...] = (world.cwd,)
    placed: list[Command] = []
    for command in commands:
        placed.append(replace(command, folders=folders))
        if command.words[0].text == "cd" and len(command.words) == 2 and len(folders) < _MOST_FOLDERS:
            text = path_of(command.words[1], world)
            moved = (locate(text, world, folder).written for folder in folders)
            folders = tuple(dict.fromkeys((*folders, *moved)))
    return tuple(placed)
