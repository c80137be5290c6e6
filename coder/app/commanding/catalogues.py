"""The commands and skills of a session as they are on disk by now: read again when a file changed, and more once
something below the working folder was touched. Must not know what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from coder.commands.definition import Definition
from coder.commands.loader import Catalogue, load, nested
from coder.commands.places import Place
from coder.frontmatter.globs import Globs

_MOST_FOLDERS = 200


class LiveCatalogue:
    """`places` are where they lie, the strongest first, `reserved` the names of the session's own commands."""

    def __init__(
        self,
        places: Callable[[], Iterable[Place]],
        cwd: Path,
        reserved: Collection[str] = (),
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self._places = places
        self._cwd = cwd
        self._reserved = frozenset(reserved)
        self._overrides = overrides or {}
        self._loaded: Catalogue | None = None
        self._folders: list[Path] = []
        self._touched: set[Path] = set()

    def __call__(self) -> Catalogue:
        """Blocks while it reads; never raises."""
        if self._loaded is None or self._loaded.stale():
            loaded = load(self._places(), reserved=self._reserved, overrides=self._overrides)
            for folder in self._folders:
                loaded = nested(folder, self._cwd, loaded)
            self._loaded = loaded
        return self._loaded

    def touch(self, path: Path) -> None:
        """A file was read or changed: skills beside it count from now on, and those that are for files like it."""
        if path in self._touched or not path.is_relative_to(self._cwd):
            return
        self._touched.add(path)
        folder = path.parent
        if folder != self._cwd and folder not in self._folders and len(self._folders) < _MOST_FOLDERS:
            self._folders.append(folder)
            self._loaded = nested(folder, self._cwd, self())

    def is_due(self, definition: Definition) -> bool:
        """Whether a definition that is for certain files is to be offered: one of them was touched."""
        if not definition.paths:
            return True
        relative = [path.relative_to(self._cwd).as_posix() for path in self._touched]
        globs = Globs.of(definition.paths)
        return any(globs.match(path) for path in relative)
