"""Which git commands can drop work, committed or not, that somebody may want back. Must not know rules or modes.

Wider than `gitlosses`: what git itself keeps a while, or refuses when it would hurt, counts too. Nothing is forbidden
by it: before such a command a checkpoint is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.permissions import gitlosses
from coder.permissions.command import Command, Word
from coder.permissions.names import names
from coder.permissions.paths import locate, path_of
from coder.permissions.wording import shown
from coder.permissions.world import World
from coder.permissions.wrappers import program

_FORCES = re.compile(r"-[A-Za-z]*f[A-Za-z]*\Z|--fo?r?c?e?|--discard")
_ANY = re.compile("")
_MARKS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(
        names("reset restore clean rebase filter-branch filter-repo prune update-ref read-tree checkout-index gc"), _ANY
    ),
    "checkout": _ANY,
    "stash": re.compile(r"(?!list\Z|show\Z|create\Z|store\Z)"),
    "switch": re.compile(rf"{_FORCES.pattern}|-[A-Za-z]*[Cm]|--merge"),
    "merge": re.compile(r"--(abort|quit)\Z"),
    "cherry-pick": re.compile(r"--(abort|quit|skip)\Z"),
    "revert": re.compile(r"--(abort|quit|skip)\Z"),
    "am": re.compile(r"--(abort|quit|skip)\Z"),
    "pull": re.compile(rf"-[A-Za-z]*r|--reb|{_FORCES.pattern}"),
    "branch": re.compile(rf"-[A-Za-z]*[dDMC]|--delete|{_FORCES.pattern}"),
    "tag": re.compile(rf"-[A-Za-z]*d|--delete|{_FORCES.pattern}"),
    "worktree": re.compile(r"(remove|prune)\Z"),
    "reflog": re.compile(r"(expire|delete)\Z"),
    "repack": re.compile(r"-[A-Za-z]*[aAd]"),
    "rm": _FORCES,
    "submodule": re.compile(rf"deinit\Z|{_FORCES.pattern}"),
    "sparse-checkout": re.compile(r"(set|reapply)\Z"),
}
_PRUNE = names("gc prune reflog repack filter-branch filter-repo")
_BRANCHES_OFF = re.compile(r"(-b|--orphan)\Z")


@dataclass(frozen=True, slots=True)
class Drop:
    """`text` is the command; `folders` where it may run; `prunes`: objects that nothing names may go at once;
    `removes`: other work trees of the repository may go."""

    text: str
    folders: tuple[Path, ...]
    prunes: bool = False
    removes: bool = False


def dropped(commands: Iterable[Command], world: World) -> Drop | None:
    """The first of the commands that can drop work, with the folders of all of them; None when none can."""
    found = [each for each in commands if _drops(each)]
    if not found:
        return None
    folders = dict.fromkeys(folder for each in found for folder in git_folders(each, world))
    verbs = {git_verb(each.words[1:]) for each in found}
    return Drop(shown(found[0].text), tuple(folders), bool(verbs & _PRUNE), "worktree" in verbs)


def _drops(command: Command) -> bool:
    first, words = command.words[0], command.words[1:]
    if not (first.dynamic or program(first.text) == "git"):
        return False
    if not first.dynamic and gitlosses.loss(words):
        return True
    verb = git_verb(words)
    if verb not in _MARKS:
        return False
    at = next(index for index, word in enumerate(words) if word.text == verb)
    rest = words[at + 1 :]
    if verb == "checkout" and len(rest) <= 2 and any(_BRANCHES_OFF.match(word.text) for word in rest):
        return False
    if verb == "clean" and not gitlosses.loss(words):
        return False
    return _MARKS[verb] is _ANY or (verb == "stash" and not rest) or _is_marked(_MARKS[verb], rest)


def _is_marked(marks: re.Pattern[str], rest: tuple[Word, ...]) -> bool:
    if marks is _MARKS["stash"]:
        return bool(marks.match(rest[0].text)) or rest[0].dynamic
    return any(word.dynamic or marks.match(word.text) for word in rest)


def git_verb(words: tuple[Word, ...]) -> str:
    """What follows git's own options."""
    index = 0
    while index < len(words) and words[index].text.startswith("-"):
        index += 2 if words[index].text in gitlosses.VALUED else 1
    return words[index].text if index < len(words) else ""


def git_folders(command: Command, world: World) -> Iterable[Path]:
    """Where it runs, `-C` and `--work-tree` followed."""
    folders = command.folders or (world.cwd,)
    words = command.words[1:]
    for word, value in pairwise(words):
        if word.text == "-C" and not value.dynamic:
            folders = tuple(locate(path_of(value, world), world, folder).written for folder in folders)
        elif not word.text.startswith("-") and word.text in _MARKS:
            break
    return folders
