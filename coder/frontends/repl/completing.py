"""Which menu belongs to a draft: slash commands, or files after an `@`. Must not know keys or the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from coder.frontends.repl.fuzzy import Ranking
from coder.frontends.repl.menu import Choice, Menu
from coder.frontends.slash.registry import BUILT_IN, Command

_NAME = re.compile(r"/[\w:.-]*")
_COMMAND = re.compile(r"/[a-zA-Z][\w:.-]*(?=\s|\Z)")
_MENTION = re.compile(r"(?:(?<=\s)|\A)@(\"[^\"\n]*|[^\s\"]*)\Z")
_KEYS = "tab completes · enter runs · esc closes"


class Found(Protocol):
    """Where file names come from (repl/files.py)."""

    def best(self, query: str, most: int) -> Sequence[tuple[str, str]]:
        """Paths with what to say of each, such as "2 KB"; folders end in `/`. Returns at once, with what it has."""
        ...


class SlashMenu:
    """The commands there are. Found by exact prefix first, then by letters; a query that says nothing lists all."""

    def __init__(self, extra: tuple[Command, ...] = (), keys: str = _KEYS) -> None:
        self._commands = tuple(sorted((*BUILT_IN, *extra), key=lambda each: each.name))
        self._names = Ranking([name for each in self._commands for name in (each.name, *each.aliases)])
        self._by_name = {name: each for each in reversed(self._commands) for name in (*each.aliases, each.name)}
        self._keys = keys

    def menu(self, draft: str, caret: int) -> Menu | None:
        """None when no command is being typed, or there is none like it."""
        match = _NAME.match(draft)
        if match is None or match.end() != len(draft) or caret == 0:
            return None
        found = self._found(draft[1:caret].lower())
        if not found:
            return None
        return Menu(tuple(_choice(each) for each in found), 0, f"{len(found)} of {len(self._commands)} · {self._keys}")

    def _found(self, query: str) -> list[Command]:
        if not query:
            return list(self._commands)
        exact = [each for each in self._commands if query in (each.name, *each.aliases)]
        begins = [each for each in self._commands if each.name.startswith(query)]
        alias = [each for each in self._commands if any(name.startswith(query) for name in each.aliases)]
        others = [self._by_name[name] for name in self._names.best(query)]
        return list(dict.fromkeys((*exact, *begins, *alias, *others)))


def command_of(draft: str) -> str:
    """The name of the command a draft is, without its slash; "" for what is none, such as a path."""
    match = _COMMAND.match(draft)
    return match[0][1:] if match else ""


def file_menu(found: Found, draft: str, caret: int, most: int = 50) -> Menu | None:
    """The menu for an `@` before the caret. None without one, or when there is no such file."""
    match = _MENTION.search(draft[:caret])
    if match is None:
        return None
    paths = found.best(match[1].removeprefix('"'), most)
    if not paths:
        return None
    return Menu(tuple(Choice(_mention(path), (path, about)) for path, about in paths), match.start())


def mention_start(draft: str, caret: int) -> int | None:
    """Where the `@` before the caret is that a file is being named after."""
    match = _MENTION.search(draft[:caret])
    return match.start() if match else None


def _choice(each: Command) -> Choice:
    hint = f" {each.hint}" if each.hint else ""
    note = f"({each.origin})" if each.origin else ""
    return Choice(f"/{each.name}", (f"/{each.name}{hint}", each.about), not each.hint.startswith("<"), note)


def _mention(path: str) -> str:
    """What stands in the draft for a path. A folder is left open, so that one can go on into it."""
    if " " not in path:
        return f"@{path}" if path.endswith("/") else f"@{path} "
    return f'@"{path}' if path.endswith("/") else f'@"{path}" '
