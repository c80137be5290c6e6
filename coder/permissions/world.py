"""The file facts the policy may ask for: where links lead, and which folders matter. Must not open or change a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class World(Protocol):
    """What a decision may know of the machine. `resolve` is the only member that touches the disk."""

    @property
    def cwd(self) -> Path:
        """Where the next command would run."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The working directories: the start folder first, then every --add-dir."""
        ...

    @property
    def home(self) -> Path: ...

    @property
    def config_home(self) -> Path:
        """Where coder keeps its own settings and credentials."""
        ...

    @property
    def readable(self) -> tuple[Path, ...]:
        """Folders outside the roots that the session made for the model to read (whole outputs that were cut)."""
        ...

    @property
    def ignores_case(self) -> bool:
        """Whether `A` and `a` may be the same file here."""
        ...

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the environment variables that commands are given."""
        ...

    def variable(self, name: str) -> str | None:
        """The value of an environment variable that commands are given; None when there is none of this name."""
        ...

    def exists(self, path: Path) -> bool:
        """Whether anything lies there. One lstat; never raises."""
        ...

    def is_created(self, path: Path) -> bool:
        """Whether this session itself made what lies there, and it is still the same."""
        ...

    def resolve(self, path: Path) -> Path:
        """`path` with every symlink of its deepest existing part followed. lstat and readlink only; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class LocalWorld:
    """The machine we run on."""

    cwd: Path
    roots: tuple[Path, ...]
    home: Path
    config_home: Path
    readable: tuple[Path, ...] = ()
    ignores_case: bool = sys.platform == "darwin"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.environment)

    def variable(self, name: str) -> str | None:
        return self.environment.get(name)

    def exists(self, path: Path) -> bool:
        return os.path.lexists(path)

    def is_created(self, path: Path) -> bool:
        return False

    def resolve(self, path: Path) -> Path:
        try:
            return Path(os.path.realpath(path))
        except (OSError, ValueError):  # a NUL or a lone surrogate in the name: no such file can exist
            return Path(os.path.normpath(path))


@dataclass(frozen=True, slots=True)
class Remembered:
    """A world that looks at each path once: within one decision the facts do not change under it."""

    world: World
    seen: dict[Path, Path] = field(default_factory=dict)

    @property
    def cwd(self) -> Path:
        return self.world.cwd

    @property
    def roots(self) -> tuple[Path, ...]:
        return self.world.roots

    @property
    def home(self) -> Path:
        return self.world.home

    @property
    def config_home(self) -> Path:
        return self.world.config_home

    @property
    def readable(self) -> tuple[Path, ...]:
        return self.world.readable

    @property
    def ignores_case(self) -> bool:
        return self.world.ignores_case

    @property
    def variables(self) -> tuple[str, ...]:
        return self.world.variables

    def variable(self, name: str) -> str | None:
        return self.world.variable(name)

    def exists(self, path: Path) -> bool:
        return self.world.exists(path)

    def is_created(self, path: Path) -> bool:
        return self.world.is_created(path)

    def resolve(self, path: Path) -> Path:
        found = self.seen.get(path)
        if found is None:
            found = self.seen[path] = self.world.resolve(path)
        return found
