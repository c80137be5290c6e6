"""What this session itself made on disk, so that it may be thrown away without a question. Must not know rules.

Kept in memory only: a session that is resumed has made nothing yet.
"""

from __future__ import annotations

import os
import stat
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from coder.core.requests import Effect

_MOST = 10_000
_LAG = 1_000_000_000  # ns: file times may be a little behind the clock
_Identity: TypeAlias = tuple[int, int]  # device and inode


class Created:
    """Files and folders by where they really are, each as the very thing that was made. `scratch` are our own folders.

    A device and inode may be used again for what somebody else makes later in the same place; that is not noticed. A
    folder that holds anything older than this session (moved into it, mounted there) is not taken for made here.
    """

    def __init__(self, scratch: Iterable[Path] = ()) -> None:
        self._scratch = tuple(scratch)
        self._made: OrderedDict[Path, _Identity] = OrderedDict()
        self._since = time.time_ns() - _LAG

    def holds(self, path: Path) -> bool:
        """Whether `path` is no link, and is something made here that is still there, or in such a folder."""
        try:
            real = Path(os.path.realpath(path.parent), path.name)
            if stat.S_ISLNK(os.lstat(real).st_mode):
                return False
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            return False
        if any(self._made.get(each) == _identity(each) is not None for each in (real, *real.parents)):
            return self._holds_nothing_older(real)
        return any(real != own and real.is_relative_to(own) for own in map(_real, self._scratch))

    @asynccontextmanager
    async def watch(self, effects: tuple[Effect, ...]) -> AsyncIterator[None]:
        """Notes what of the paths these effects name is there after and was not before, or was made here before."""
        named = [_real(effect.path) for effect in effects if effect.path is not None]
        written = [_real(effect.path) for effect in effects if effect.path is not None and effect.kind == "writes"]
        ours = [each for path in written for each in (path, *path.parents) if self._is_new(each)]
        old = {path: found for path in named if (found := _identity(path))}
        foreign = [path for path in old if not self.holds(path)]
        try:
            yield
        finally:
            for path in ours:
                made = _identity(path)
                if made and (made == old.get(path) or made not in old.values()):
                    self._note(path, made)
            if any(_identity(path) != old[path] for path in foreign):
                self._forget(written)

    def _holds_nothing_older(self, path: Path) -> bool:
        seen = 0
        for folder, folders, files in os.walk(path):
            seen += len(folders) + len(files)
            names = (Path(folder, name) for name in (*folders, *files))
            if seen > _MOST or any(_changed(name) < self._since for name in names):
                return False
        return True

    def _is_new(self, path: Path) -> bool:
        """Whether what will be there is ours: nothing is, or what we made."""
        return not os.path.lexists(path) or self._made.get(path) == _identity(path) is not None

    def _note(self, path: Path, identity: _Identity) -> None:
        self._made[path] = identity
        self._made.move_to_end(path)
        if len(self._made) > _MOST:
            self._made.popitem(last=False)

    def _forget(self, written: Iterable[Path]) -> None:
        """What was there before may have been moved to where the call wrote: those folders are no longer ours alone."""
        for path in written:
            for each in (path, *path.parents):
                self._made.pop(each, None)


def _changed(path: Path) -> int:
    """When the contents were last written, in ns since the epoch; 0 when that cannot be told."""
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def _identity(path: Path) -> _Identity | None:
    """None for what is not there, and for a link."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return None if stat.S_ISLNK(found.st_mode) else (found.st_dev, found.st_ino)


def _real(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path
