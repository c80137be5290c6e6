"""The file facts the policy may ask for: where links lead, which names are one, which folders matter.

Must not know rules. Changes nothing, and opens nothing but the settings of a git repository.
"""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.git import repository as repositories
    from coder.git import stashes as stash
    from coder.permissions import expanding, gitrepo
else:  # needed when a command is judged
    repositories, stash = LazyModule("coder.git.repository"), LazyModule("coder.git.stashes")
    expanding, gitrepo = LazyModule("coder.permissions.expanding"), LazyModule("coder.permissions.gitrepo")


class World(Protocol):
    """What a decision may know of the machine. The methods look at the disk and open no file of the project but git's
    settings; none of them raises."""

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
        """Whether `A` and `a` may be the same file in one of the folders we work in."""
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

    def matches(self, pattern: str, folder: Path) -> tuple[tuple[Path, Path], ...] | None:
        """The paths a shell wildcard stands for, each as written and with its links followed; None for too many."""
        ...

    def below(self, folder: Path) -> tuple[Path, ...] | None:
        """Everything in the folder and its folders, links not followed; None when there is too much to look at."""
        ...

    def leads_out(self, folder: Path) -> bool | None:
        """Whether a link below the folder leads out of the roots; None when there is too much to look at."""
        ...

    def resolve(self, path: Path) -> Path:
        """`path` with every symlink of its deepest existing part followed."""
        ...

    def folds(self, path: Path) -> bool:
        """Whether the file system of `path` takes `A` and `a` for one name."""
        ...

    def is_same(self, path: Path, other: Path) -> bool:
        """Whether both are there and are one file or folder, however they are spelled. No link is followed."""
        ...

    def is_created(self, path: Path) -> bool:
        """Whether this session itself made what is there now, or the folder it is in."""
        ...

    def git_runs(self, folder: Path) -> str:
        """What in the repository round `folder` makes git commands that only read run a program; "" for nothing."""
        ...

    def stashes(self, folder: Path) -> tuple[tuple[str, bool], ...]:
        """What is put aside in the repository round `folder`, the newest first: what it says, and whether this session
        made it."""
        ...


_SWAPPED = str.maketrans(string.ascii_letters, string.ascii_letters.swapcase())


def _nothing(path: Path) -> bool:
    return False


def _not_ours(commit: str, message: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class LocalWorld:
    """The machine we run on. `created` tells what this session made; `stashed` whether it made a stash, by its commit
    and what it says."""

    cwd: Path
    roots: tuple[Path, ...]
    home: Path
    config_home: Path
    readable: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    created: Callable[[Path], bool] = _nothing
    stashed: Callable[[str, str], bool] = _not_ours

    @property
    def ignores_case(self) -> bool:
        return any(self.folds(folder) for folder in (self.cwd, *self.roots, self.home))

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.environment)

    def variable(self, name: str) -> str | None:
        return self.environment.get(name)

    def exists(self, path: Path) -> bool:
        return os.path.lexists(path)

    def matches(self, pattern: str, folder: Path) -> tuple[tuple[Path, Path], ...] | None:
        return expanding.expand(pattern, folder, self.resolve)

    def below(self, folder: Path) -> tuple[Path, ...] | None:
        return expanding.below(folder)

    def leads_out(self, folder: Path) -> bool | None:
        return expanding.leads_out(folder, tuple(self.resolve(root) for root in self.roots), self.resolve)

    def resolve(self, path: Path) -> Path:
        try:
            return Path(os.path.realpath(path))
        except (OSError, ValueError):  # a NUL or a lone surrogate in the name: no such file can exist
            return Path(os.path.normpath(path))

    def folds(self, path: Path) -> bool:
        """Seen by looking up the deepest name that is there and has letters, in capitals for small ones."""
        for part in (path, *path.parents):
            swapped = part.name.translate(_SWAPPED)
            if swapped != part.name and _identity(part):
                return self.is_same(part, part.parent / swapped)
        return False

    def is_same(self, path: Path, other: Path) -> bool:
        found = _identity(path)
        return found is not None and found == _identity(other)

    def is_created(self, path: Path) -> bool:
        return self.created(path)

    def git_runs(self, folder: Path) -> str:
        return gitrepo.git_runs(folder)

    def stashes(self, folder: Path) -> tuple[tuple[str, bool], ...]:
        found = repositories.repository_of(Path(os.path.realpath(folder)))
        held = stash.stashes_of(found) if found is not None else ()
        return tuple((each.message, self.stashed(each.commit, each.message)) for each in held)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class Remembered:
    """A world that looks at each path once: within one decision the facts do not change under it."""

    world: World
    seen: dict[Path, Path] = field(default_factory=dict)
    expanded: dict[tuple[str, Path], tuple[tuple[Path, Path], ...] | None] = field(default_factory=dict)
    folding: dict[Path, bool] = field(default_factory=dict)
    running: dict[Path, str] = field(default_factory=dict)

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

    def matches(self, pattern: str, folder: Path) -> tuple[tuple[Path, Path], ...] | None:
        key = (pattern, folder)
        if key not in self.expanded:
            self.expanded[key] = self.world.matches(pattern, folder)
        return self.expanded[key]

    def below(self, folder: Path) -> tuple[Path, ...] | None:
        return self.world.below(folder)

    def leads_out(self, folder: Path) -> bool | None:
        return self.world.leads_out(folder)

    def resolve(self, path: Path) -> Path:
        found = self.seen.get(path)
        if found is None:
            found = self.seen[path] = self.world.resolve(path)
        return found

    def folds(self, path: Path) -> bool:
        found = self.folding.get(path)
        if found is None:
            found = self.folding[path] = self.world.folds(path)
        return found

    def is_same(self, path: Path, other: Path) -> bool:
        return self.world.is_same(path, other)

    def is_created(self, path: Path) -> bool:
        return self.world.is_created(path)

    def stashes(self, folder: Path) -> tuple[tuple[str, bool], ...]:
        return self.world.stashes(folder)

    def git_runs(self, folder: Path) -> str:
        found = self.running.get(folder)
        if found is None:
            found = self.running[folder] = self.world.git_runs(folder)
        return found
