"""Files as somebody looks things up in them: below some folders, what may be read, each once. Must not know why."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

_MOST_BYTES = 8_000_000  # of a file
_MOST_FILES = 500
_OUTSIDE = "outside of what can be looked up"


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader knows of a path: its `lines`; or None and, in `why`, why they are not known. `is_there` is unset
    where there is no such file."""

    lines: tuple[str, ...] | None = None
    why: str = ""
    is_there: bool = True


class Reader(Protocol):
    """Whoever opens files. Never raises."""

    def read(self, path: str) -> Read: ...

    def has_folder(self, path: str) -> bool:
        """Whether the first folder of the path is there."""
        ...


def anything(path: Path) -> bool:
    return True


class Files:
    """Reads below `roots`, and only what `may_read`: no link leads out of them. Each file is read once."""

    def __init__(self, roots: Sequence[Path], may_read: Callable[[Path], bool] = anything) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self._may_read = may_read
        self._known: dict[str, Read] = {}

    def read(self, path: str) -> Read:
        if path not in self._known:
            if len(self._known) >= _MOST_FILES:
                return Read(why="too many files are cited")
            self._known[path] = self._looked_up(path)
        return self._known[path]

    def has_folder(self, path: str) -> bool:
        first = path.removeprefix("./").partition("/")[0]
        return bool(first) and any(os.path.isdir(root / first) for root in self._roots)  # noqa: PTH112  # never raises

    def _looked_up(self, path: str) -> Read:
        if path.startswith("~"):
            return Read(why=_OUTSIDE)
        reason = ""
        roots = self._roots
        if path.startswith("/"):
            roots = tuple(root for root in roots if Path(os.path.normpath(path)).is_relative_to(root))
            reason = "" if roots else _OUTSIDE
        for root in roots:
            for name in (path, path[2:]) if path[:2] in ("a/", "b/") else (path,):  # as diffs name them
                try:
                    real = Path(os.path.realpath(root / name))
                    if not real.is_relative_to(root):
                        reason = _OUTSIDE
                    elif not (self._may_read(real) and self._may_read(root / name)):
                        reason = "not to be read"
                    elif real.is_file():
                        return _lines_of(real)
                    elif os.path.lexists(real):
                        reason = "no file that can be read"
                except (OSError, ValueError):  # a name that no file can have
                    continue
        return Read(why=reason, is_there=bool(reason))


def _lines_of(path: Path) -> Read:
    try:
        data = read_ordinary(path, _MOST_BYTES + 1)
    except OSError:
        return Read(why="it cannot be read")
    if len(data) > _MOST_BYTES:
        return Read(why="too large to look at")
    lines = data.decode("utf-8", "replace").split("\n")
    return Read(tuple(lines if lines[-1] else lines[:-1]))
