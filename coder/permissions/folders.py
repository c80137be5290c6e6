"""Where each command of a line would run: `cd` is followed. Must not know rules, or what the commands touch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coder.permissions.lexer import Command, Word
from coder.permissions.paths import locate, path_of
from coder.permissions.readonly import effects_of
from coder.permissions.shell import Shell
from coder.permissions.world import World
from coder.permissions.wrappers import program, unwrapped

_MOST = 8


@dataclass(frozen=True, slots=True)
class Route:
    """For each command the folders it may run in; whether any is another than the first; why that is not certain."""

    folders: tuple[tuple[Path, ...], ...]
    moved: bool = False
    problem: str = ""


def route(shell: Shell, world: World) -> Route:
    """A cd may fail, or run in a subshell of its own, so both folders stay possible; in a chain of && it has worked."""
    here: tuple[Path, ...] = (world.cwd,)
    folders: list[tuple[Path, ...]] = []
    moved, problem = False, ""
    for command in shell.commands:
        folders.append(here)
        if program(unwrapped(command.words)[0].text) not in ("cd", "pushd", "popd"):
            continue
        target = _target(command)
        if target is None:
            moved, problem = True, f"{command.text} goes to a folder that is known only when it runs"
            continue
        new = tuple(locate(path_of(target, world), world, cwd).written for cwd in here)
        moved = moved or any(world.resolve(folder) != world.resolve(world.cwd) for folder in new)
        here = new if shell.is_chain else tuple(dict.fromkeys((*here, *new)))
        if len(here) > _MOST:
            here, problem = here[:_MOST], "the folder is changed too often in one command"
    return Route(tuple(folders), moved, problem if len(shell.commands) > 1 else "")


def _target(command: Command) -> Word | None:
    """The folder of a plain `cd folder`; None for every other way to move (`timeout 5 cd x` runs some other cd)."""
    known = effects_of(command.words) if unwrapped(command.words) is command.words else None
    if known is None or known.moves is None or known.moves.dynamic:
        return None
    return known.moves
