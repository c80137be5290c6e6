"""A memory file as it was read, and what is known of the place it is read for. Values; must not know the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path
from typing import Literal, TypeAlias
from zlib import crc32

from coder.core.dataclass import dataclass

Whose: TypeAlias = Literal["managed", "yours", "project", "only you"]
Reason: TypeAlias = Literal["session_start", "include", "nested_traversal", "path_glob_match", "compact"]

MOST_BYTES = 4 << 20  # of one file
MOST_TOGETHER = 1 << 20  # of all that is loaded at once: more than any model should be made to read first
MOST_FILES = 1_000
_TYPES: dict[Whose, str] = {"managed": "Managed", "yours": "User", "project": "Project", "only you": "Local"}
LONG_LINES, LONG_BYTES = 200, 40_000


def _any(path: Path) -> bool:
    return True


def _no() -> bool:
    return False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ground:
    """`home` is the person's home folder, `own` are the folders with what they wrote for every project, the last counts
    most; `brought` those of them that lie in the repository. `sources`: user, project, local. `said` is what the
    administrator's settings say, by file, `more` are other working folders whose memory counts. `excludes` are globs of
    absolute paths. `may_read` says which paths no rule forbids, `is_trusted` whether files from outside the repository
    count that the repository names; it is asked when there are some.
    """

    cwd: Path
    home: Path
    managed: Path
    own: tuple[Path, ...] = ()
    brought: tuple[Path, ...] = ()
    sources: tuple[str, ...] = ("user", "project", "local")
    said: tuple[tuple[Path, str], ...] = ()
    more: tuple[Path, ...] = ()
    excludes: tuple[str, ...] = ()
    may_read: Callable[[Path], bool] = _any
    is_trusted: Callable[[], bool] = _no

    @property
    def top(self) -> Path:
        """The top of the repository round the folder; the folder itself where there is none."""
        for folder in (self.cwd, *self.cwd.parents):
            if os.path.lexists(folder / ".git"):
                return folder
        return self.cwd


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """`text` is what the model reads of it; `size` and `lines` are those of the file. `parent` is the file that imports
    it. `globs` are the paths that a rule is for, relative to `base`. `root` is the folder whose files it may import.
    `trigger` is the path that made it due.
    """

    path: Path
    real: str
    whose: Whose
    text: str = field(repr=False)
    size: int
    lines: int
    reason: Reason = "session_start"
    parent: Path | None = None
    globs: tuple[str, ...] = ()
    base: Path = Path("/")
    root: Path = Path("/")
    trigger: Path | None = None

    @property
    def version(self) -> str:
        """Stands for the text: another one has another."""
        return f"{crc32(self.text.encode('utf-8', 'surrogatepass')):08x}"

    @property
    def memory_type(self) -> str:
        """Whose it is, as hooks are told."""
        return _TYPES[self.whose]

    def due(self, reason: Reason, trigger: Path) -> MemoryFile:
        kept: Reason = "include" if self.reason == "include" else reason
        return replace(self, reason=kept, trigger=trigger)


@dataclass(frozen=True, slots=True)
class Memory:
    """`files` are what the model reads, in order; `scoped` rules that wait for a path. `warnings` are lines for people
    about what was left out, `remarks` about what is only too long."""

    files: tuple[MemoryFile, ...] = ()
    scoped: tuple[MemoryFile, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
