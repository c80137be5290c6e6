"""Where `cd`, `pushd` and `env -C` lead in text that is only guessed at. Must not know rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from coder.permissions.command import Command, Word
from coder.permissions.names import names
from coder.permissions.paths import locate, path_of
from coder.permissions.salvage import program
from coder.permissions.world import World

_MOST_FOLDERS = 8
_GOERS = names("cd pushd")
_HOME = Word("~", "~", tilde=True)
_STACK = re.compile(r"[-+]\d+\Z")  # a place on the stack of pushd, where an earlier one has been


def followed(commands: tuple[Command, ...], folders: tuple[Path, ...], world: World) -> tuple[Command, ...]:
    """The commands with every folder they may run in: where one goes is added, and none is ever left."""
    placed: list[Command] = []
    for command in commands:
        placed.append(replace(command, folders=folders))
        folders = added(folders, _goal(command.words), world)
    return tuple(placed)


def added(folders: tuple[Path, ...], goal: Word | None, world: World) -> tuple[Path, ...]:
    """The folders, and those that `goal` leads to from them, as far as that can be told."""
    if goal is None or goal.dynamic or goal.glob or goal.text == "-" or len(folders) >= _MOST_FOLDERS:
        return folders
    text = path_of(goal, world)
    return tuple(dict.fromkeys((*folders, *(locate(text, world, folder).written for folder in folders))))


def loses_folder(commands: Iterable[Command]) -> bool:
    """Whether one of them goes to a folder that is known only when it runs."""
    moved = False
    for command in commands:
        goal = _goal(command.words) or set_by_option(command.words)
        if goal and (goal.dynamic or goal.glob or (goal.text == "-" and not moved)):
            return True
        moved = moved or goal is not None
    return False


def set_by_option(words: tuple[Word, ...]) -> Word | None:
    """The folder that `env -C folder` starts its command in."""
    if program(words[0].text) != "env":
        return None
    for word, following in pairwise((*words[1:], Word("", ""))):
        name, separator, value = word.text.partition("=")
        if len(name) > 3 and "--chdir".startswith(name):
            return replace(word, text=value) if separator else following
        if found := re.match(r"-[A-Za-z0]*?C(.*)", word.text):
            return replace(word, text=found[1]) if found[1] else following
        if not word.text.startswith("-") and not separator:
            return None
    return None


def _goal(words: tuple[Word, ...]) -> Word | None:
    """The folder that `cd` or `pushd` is given, whatever their options; None for any other command."""
    while len(words) > 1 and program(words[0].text) in ("command", "builtin"):
        words = words[1:]
    if words[0].text not in _GOERS:
        return None
    operands = [word for word in words[1:] if word.dynamic or word.text == "-" or not word.text.startswith("-")]
    if operands and _STACK.match(operands[0].text):
        return None
    return operands[0] if operands else _HOME if words[0].text == "cd" else None
