"""Commands that take, apply or drop what somebody else put aside with git stash. Must not know rules or modes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.core.requests import Reason
from coder.git.stashes import session_of
from coder.permissions.command import Command, Word
from coder.permissions.gitdrops import git_folders, git_verb
from coder.permissions.names import names
from coder.permissions.wording import quoted, shown
from coder.permissions.world import World
from coder.permissions.wrappers import program

_TAKES = {"pop": "takes", "apply": "applies", "drop": "drops", "clear": "drops all, also", "branch": "takes"}
_NAMED = re.compile(r"(?:stash@\{)?(\d{1,6})\}?\Z")
_OPTIONS = names("-q --quiet --index")


def foreign_stash(commands: Iterable[Command], world: World) -> Reason | None:
    """Of the first command that would do so: what it would take, and that this session did not make it."""
    for command in commands:
        if program(command.words[0].text) != "git" or git_verb(command.words[1:]) != "stash":
            continue
        texts = [word.text for word in command.words]
        rest = command.words[texts.index("stash") + 1 :]
        if rest and (verb := _TAKES.get(rest[0].text)):
            for folder in git_folders(command, world):
                if named := _foreign(rest, world.stashes(folder)):
                    text = f"{quoted(command.text)} {verb} {named}"
                    return Reason("safety", text, "git stash")
    return None


def _foreign(rest: tuple[Word, ...], held: tuple[tuple[str, bool], ...]) -> str:
    """The entry that is meant, when it is not ours; of `clear`, and of what nobody can tell, the first such."""
    operands = [word for word in rest[1:] if word.text not in _OPTIONS]
    if rest[0].text == "branch":
        operands = operands[1:]
    meant = range(len(held))
    if rest[0].text != "clear" and not operands:
        meant = range(min(1, len(held)))
    elif len(operands) == 1 and not operands[0].dynamic and (found := _NAMED.match(operands[0].text)):
        at = int(found[1])
        meant = range(at, min(at + 1, len(held)))
    for position in meant:
        message, is_ours = held[position]
        if not is_ours:
            who = "another session of coder made" if session_of(message) else "was not made by this session"
            return f"stash@{{{position}}} “{shown(message)}”, which {who}"
    return ""
