"""Takes in what a host changes about what is allowed: for this session, and in settings files where it says so. Must
not know who says it, or how.

A host is the program that started us, with the flags and settings it chose: what it allows counts as the person's word.
An administrator's rules stay above it, and no change makes `bypassPermissions` available.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from coder.app.rulebook import RuleBook
from coder.app.saving import save_rule
from coder.config.jsonfile import read_object
from coder.config.paths import local_settings
from coder.config.trust import approve_part
from coder.config.write import add_item, remove_item, remove_rule, set_value
from coder.core.config import Behaviour, Config
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.core.permits import Change, FoldersChange, ModeChange, Place, RulesChange
from coder.core.tools import Mode
from coder.core.visible import visible_line
from coder.workspace.local import LocalWorkspace

_FOLDERS = "permissions.additionalDirectories"


class Permitting:
    def __init__(
        self, config: Config, book: RuleBook, workspace: LocalWorkspace, set_mode: Callable[[Mode], None]
    ) -> None:
        """`set_mode` raises CoderError for a mode that is not to be had."""
        self._config, self._book, self._workspace, self._set_mode = config, book, workspace, set_mode

    def held(self) -> tuple[Change, ...]:
        """What makes another session of the same settings one where this one's rules and folders hold."""
        rules = (RulesChange("add", behaviour, texts, where) for where, behaviour, texts in self._book.held())
        now, first = self._workspace.roots, (self._config.cwd, *self._config.add_dirs)
        left = tuple(folder for folder in first if folder not in now)
        return (*rules, FoldersChange("remove", left, "session"), FoldersChange("add", now[1:], "session"))

    def hold(self, changes: Sequence[Change]) -> None:
        """What `held` said of another session; no file is written."""
        for change in changes:
            if isinstance(change, RulesChange):
                self._hold(change)
            elif isinstance(change, FoldersChange):
                for folder in change.folders:
                    (self._workspace.work_in if change.kind == "add" else self._workspace.leave)(folder)

    async def apply(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """All of them, in order: in force when this returns. What went wrong, a line for people each; what could not be
        kept in a file holds for this session all the same."""
        problems: list[str] = []
        for change in changes:
            try:
                match change:
                    case RulesChange():
                        self._hold(change)
                        await asyncio.to_thread(self._keep_rules, change)
                    case ModeChange():
                        self._set_mode(change.mode)
                        await asyncio.to_thread(self._keep_mode, change)
                    case FoldersChange():
                        problems += await asyncio.to_thread(self._work_in, change)
            except (CoderError, OSError) as error:
                problems.append(visible_line(str(error)))
        return tuple(problems)

    def _hold(self, change: RulesChange) -> None:
        place, behaviour = change.place, change.behaviour
        if change.kind == "replace":
            self._book.drop(place, behaviour)
        if change.kind == "remove":
            self._book.drop(place, behaviour, change.rules)
        else:
            self._book.hold(place, behaviour, change.rules)
        if place == "local" and behaviour == "allow" and change.kind != "add":
            self._book.forget(change.rules if change.kind == "remove" else None)

    def _keep_rules(self, change: RulesChange) -> None:
        if (file := self._file(change.place)) is None:
            return
        gone = change.rules if change.kind == "remove" else ()
        if change.kind == "replace":
            gone = tuple(rule for rule in _rules_in(file, change.behaviour) if rule not in change.rules)
        for rule in gone:
            remove_rule(file, change.behaviour, rule)
        for rule in change.rules if change.kind != "remove" else ():
            save_rule(self._config, file, change.behaviour, rule)

    def _keep_mode(self, change: ModeChange) -> None:
        file, mode = self._file(change.place), change.mode
        if file is None or mode == "bypassPermissions":  # which no file may start a session in
            return

        def write() -> bool:
            set_value(file, "permissions.defaultMode", mode)
            return True

        self._written(file, {"defaultMode": mode}, write)

    def _work_in(self, change: FoldersChange) -> list[str]:
        problems: list[str] = []
        file = self._file(change.place)
        for folder in change.folders:
            path = Path(self._workspace.resolve(str(folder)))
            if change.kind == "remove":
                self._workspace.leave(path)
                if file is not None:
                    remove_item(file, _FOLDERS, str(path))
            elif not path.is_dir():
                problems.append(f"{visible_line(str(path))} is no folder: coder does not work there.")
            else:
                self._workspace.work_in(path)
                self._keep_folder(file, path)
        return problems

    def _keep_folder(self, file: Path | None, folder: Path) -> None:
        if file is not None:
            content = {"additionalDirectories": [str(folder)]}
            self._written(file, content, lambda: add_item(file, _FOLDERS, str(folder)))

    def _written(self, file: Path, permissions: Json, write: Callable[[], bool]) -> None:
        """In a folder's file it counts as approved, whoever is trusted there besides."""
        base = file.parent.parent
        if file == self._config.home / "settings.json":
            write()
        else:
            name = str(file.relative_to(base))
            approve_part(self._config.home, base, name, {"permissions": permissions}, write)

    def _file(self, place: Place) -> Path | None:
        match place:
            case "session" | "flag" | "servers":
                return None
            case "local":
                return local_settings(self._config.cwd)
            case "project":
                return self._config.cwd / ".coder" / "settings.json"
            case "user":
                return self._config.home / "settings.json"


def _rules_in(file: Path, behaviour: Behaviour) -> tuple[str, ...]:
    """Raises ConfigError."""
    found = read_object(file)
    permissions = found.value.get("permissions") if found is not None else None
    rules = permissions.get(behaviour) if isinstance(permissions, dict) else None
    return tuple(rule for rule in rules if isinstance(rule, str)) if isinstance(rules, list) else ()
