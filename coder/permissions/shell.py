"""A command line as the policy sees it: fully understood, or why not, with what could be salvaged. Knows no rules."""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.permissions.command import Command
from coder.permissions.moves import followed
from coder.permissions.reader import read
from coder.permissions.salvage import salvage
from coder.permissions.syntax import NotUnderstood
from coder.permissions.tree import agrees
from coder.permissions.walk import Walk
from coder.permissions.world import World


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
        return Shell(source, followed(salvage(source), (world.cwd,), world), refusal.part)
    walk = Walk(script.body, world)
    problem = walk.problem
    if not problem and not agrees(source, script.marks):
        problem = "a form that can be read in two ways"
    if problem:
        return Shell(source, (*walk.commands, *followed(salvage(source), (world.cwd,), world)), problem, walk.moved)
    return Shell(source, walk.commands, moved=walk.moved)
