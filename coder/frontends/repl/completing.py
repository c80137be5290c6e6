"""Which menu belongs to a draft: slash commands, or files after an `@`. Must not know keys or the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from coder.core.visible import visible_line
from coder.frontends.fuzzy import Ranking
from coder.frontends.repl.menu import Choice, Menu
from coder.frontends.slash.registry import BUILT_IN, Command

_NAME = re.compile(r"/[\w:.-]*")
_LONGEST = 200  # characters of what a file says of itself
_COMMAND = re.compile(r"/[a-zA-Z][\w:.-]*(?=\s|\Z)")
_MENTION = re.compile(r"(?:(?<=\s)|\A)@(\"[^\"\n]*|[^\s\"]*)\Z")
_KEYS = "tab completes · enter runs · esc closes"


class Found(Protocol):
    """Where file names come from (frontends/files.py)."""

    @property
    def state(self) -> int:
        """It grows when there is more to be found."""
        ...

    def best(self, query: str, most: int) -> Sequence[tuple[str, str]]:
        """Paths with what to say of each, such as "2 KB"; folders end in `/`. Returns at once, with what it has."""
        ...

    def close(self) -> None: ...


class Completion:
    """The menu of the draft as it is now. `files` is called when the first `@` is typed."""

    def __init__(self, slash: SlashMenu, files: Callable[[], Found]) -> None:
        self.menu: Menu | None = None
        self._slash = slash
        self._make_files = files
        self._files: Found | None = None
        self._resources: tuple[tuple[str, str], ...] = ()
        self._seen = 0  # the state of the files that the menu was made from
        self._closed_at: int | None = None  # where the menu begins that was closed

    def offer(self, commands: tuple[Command, ...], resources: tuple[tuple[str, str], ...] = ()) -> None:
        """The commands there are from now on, and what besides files can be named behind an `@`."""
        self._slash.offer(commands)
        self._resources = resources

    def update(self, draft: str, caret: int) -> None:
        """To be called after each change."""
        start = 0 if _NAME.fullmatch(draft) else _mention_start(draft, caret)
        if start is None or start != self._closed_at:
            self._closed_at = None
        if start is None or start == self._closed_at:
            self.menu = None
            return
        menu = self._slash.menu(draft, caret) if draft.startswith("/") else None
        if menu is None and not _NAME.fullmatch(draft):
            menu = _file_menu(self._found(), draft, caret, self._resources)
            self._seen = self._found().state
        if menu is not None and self.menu is not None and self.menu.choices == menu.choices:
            menu.chosen = self.menu.chosen
        self.menu = menu

    @property
    def is_stale(self) -> bool:
        """Whether more files were found since."""
        return self._files is not None and self._files.state != self._seen

    def dismiss(self, draft: str, caret: int) -> None:
        """No menu for what is there now."""
        self._closed_at = 0 if _NAME.fullmatch(draft) else _mention_start(draft, caret)
        self.menu = None

    def close(self) -> None:
        if self._files is not None:
            self._files.close()

    def _found(self) -> Found:
        if self._files is None:
            self._files = self._make_files()
        return self._files


class SlashMenu:
    """The commands there are. Found by exact prefix first, then by letters; a query that says nothing lists all."""

    def __init__(self, extra: tuple[Command, ...] = (), keys: str = _KEYS) -> None:
        self._keys = keys
        self.offer((*BUILT_IN, *extra))

    def offer(self, commands: tuple[Command, ...]) -> None:
        self._commands = tuple(sorted(dict.fromkeys(commands), key=lambda each: each.name))
        self._names = Ranking([name for each in self._commands for name in (each.name, *each.aliases)])
        self._by_name = {name: each for each in reversed(self._commands) for name in (*each.aliases, each.name)}

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


def _file_menu(
    found: Found, draft: str, caret: int, resources: Sequence[tuple[str, str]] = (), most: int = 50
) -> Menu | None:
    """The menu for an `@` before the caret: files, then what servers offer. None without one, or for nothing."""
    match = _MENTION.search(draft[:caret])
    if match is None:
        return None
    query = match[1].removeprefix('"')
    paths = [*found.best(query, most), *_fitting(resources, query, most)]
    if not paths:
        return None
    return Menu(tuple(Choice(_mention(path), (path, about)) for path, about in paths), match.start())


def _fitting(resources: Sequence[tuple[str, str]], query: str, most: int) -> list[tuple[str, str]]:
    """Those whose name begins like the query, before those that hold it."""
    lower = query.lower()
    fits = [each for each in resources if lower in each[0].lower() and each[0] != query]
    return sorted(fits, key=lambda each: not each[0].lower().startswith(lower))[:most]


def _mention_start(draft: str, caret: int) -> int | None:
    """Where the `@` before the caret is that a file is being named after."""
    match = _MENTION.search(draft[:caret])
    return match.start() if match else None


def _choice(each: Command) -> Choice:
    hint = f" {each.hint}" if each.hint else ""
    said = each.name.startswith("mcp__")  # the name begins with where it is from
    note = f"({each.origin})" if each.origin and not said else ""
    shown = (visible_line(f"/{each.name}{hint}")[:_LONGEST], visible_line(each.about)[:_LONGEST])
    return Choice(f"/{each.name}", shown, not each.hint.startswith("<"), note)


def _mention(path: str) -> str:
    """What stands in the draft for a path. A folder is left open, so that one can go on into it."""
    if " " not in path:
        return f"@{path}" if path.endswith("/") else f"@{path} "
    return f'@"{path}' if path.endswith("/") else f'@"{path}" '
