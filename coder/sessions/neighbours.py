"""Other sessions of this machine, by the marks they leave: who works where, and who changed which file when.

What was read once is read on from there. Must not know what is done about it. Nothing here raises: a file that cannot
be read, or is none, says nothing.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import field
from itertools import islice
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.sessions.presence import (
    FOLDER,
    KEPT_SECONDS,
    MOST_BYTES,
    MOST_CHANGES,
    NAME,
    Here,
    changes_in,
    here_in,
    is_live,
    read,
    records,
)

_MOST_FILES = 1_000


@dataclass(frozen=True, slots=True)
class Trace:
    """A change of another session; `is_live`: it still works."""

    here: Here
    at: float
    is_live: bool


@dataclass(slots=True)
class _Known:
    """A file as it was read last. `stamp` is its inode, size and time of change, `order` the paths, sorted, or None."""

    path: Path
    stamp: tuple[int, int, int]
    here: Here | None = None
    end: int = 0
    changes: dict[str, float] = field(default_factory=dict)
    order: list[str] | None = None

    def below(self, folder: str) -> float:
        """When something in this folder was changed last; 0 when nothing was."""
        inside = folder.rstrip("/") + "/"
        if self.order is None:
            self.order = sorted(self.changes)
        first = bisect_left(self.order, inside)
        last = bisect_left(self.order, f"{inside[:-1]}0", first)  # "0" comes after "/"
        return max((self.changes[path] for path in self.order[first:last]), default=0.0)


class Neighbours:
    """All sessions but `own`. May be asked from any thread. `now` is the clock."""

    def __init__(self, folder: Path, own: str = "", now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._own = own
        self._now = now
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def look(self) -> None:
        """Reads what is new."""
        with self._lock:
            found: dict[str, _Known] = {}
            with suppress(OSError), os.scandir(self._folder) as entries:
                for entry in islice(entries, _MOST_FILES):
                    with suppress(OSError, ValueError):
                        if NAME.match(entry.name) and (known := self._looked(entry)) is not None:
                            found[entry.name] = known
            self._known = found

    def live(self) -> list[Here]:
        """Who works now, the latest first."""
        with self._lock:
            found = [here for each, here in self._sessions() if is_live(each.path)]
        return sorted(found, key=lambda here: here.since, reverse=True)

    def changed(self, path: str, since: float) -> list[Trace]:
        """Who changed this file after `since`, the latest first."""
        with self._lock:
            found = [(each, here, each.changes.get(path, 0.0)) for each, here in self._sessions()]
            return self._traces(found, since)

    def changed_below(self, folder: str, since: float) -> list[Trace]:
        """Who changed this file or folder, or anything in it, after `since`, the latest first."""
        with self._lock:
            found = [(k, here, max(k.below(folder), k.changes.get(folder, 0.0))) for k, here in self._sessions()]
            return self._traces(found, since)

    def _sessions(self) -> Iterator[tuple[_Known, Here]]:
        return ((each, each.here) for each in self._known.values() if each.here and each.here.id != self._own)

    def _traces(self, found: list[tuple[_Known, Here, float]], since: float) -> list[Trace]:
        after = max(since, self._now() - KEPT_SECONDS)
        traces = [Trace(here, at, is_live(each.path)) for each, here, at in found if at > after]
        return sorted(traces, key=lambda trace: trace.at, reverse=True)

    def _looked(self, entry: os.DirEntry[str]) -> _Known | None:
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return None
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._known.get(entry.name)
        if known is not None and known.stamp == stamp:
            return known
        return self._read(Path(entry.path), stamp, known)

    def _read(self, path: Path, stamp: tuple[int, int, int], known: _Known | None) -> _Known:
        """Reads on where it was left, unless the file was written anew: then it begins with another mark."""
        data = read(path, 0)
        first = next(iter(records(data[: data.find(b"\n") + 1])), {})
        head = here_in(first)
        made = _Known(path, stamp, head)
        if known is not None and head is not None and known.here is not None and known.here.mark == head.mark:
            made = _Known(path, stamp, known.here, min(known.end, len(data)), known.changes)
        now = self._now()
        for raw in records(data[made.end :]):
            made.here = here_in(raw) or made.here
            for changed, at in changes_in(raw):
                made.changes[changed] = min(at, now)  # clocks may differ
        made.end = len(data)
        while len(made.changes) > 2 * MOST_CHANGES:
            del made.changes[next(iter(made.changes))]
        return made


def at_work(home: Path) -> set[str]:
    """The ids of the sessions that work now."""
    found = Neighbours(home / FOLDER)
    found.look()
    return {here.id for here in found.live()}
