"""Notices that settings files changed, without reading them. Must not know what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

_Signature: TypeAlias = tuple[int, int, int, int] | None


class SettingsWatch:
    """Files that are there and files that may come. A folder among the paths speaks for the names in it.

    Costs one `stat` a path. Not for several threads.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether something was made, written, replaced or deleted since the last call (the first: since the start)."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> tuple[_Signature, ...]:
        return tuple(_signature(path) for path in self._paths)


def _signature(path: Path) -> _Signature:
    """The time of change is among them for an edit that keeps size and modification time."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
