"""Opens files by paths in which no part may be a link. Must not know who asks, or where a path comes from.

A path is judged first and opened later, and whoever can write to one of its folders can put a link there in between.
So every part is opened from the folder before it, and a link is refused instead of followed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn

_PASS = os.O_PATH if sys.platform == "linux" else os.O_RDONLY  # a folder may be passed through without leave to list it
_FOLDER = _PASS | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_OPEN = 64
_MOVED = "a link is in its place that was not there when it was judged, or that leads in a circle; look again and retry"


class Folders:
    """Folders below `top`, named by their path from there: "" or "a/b/". The latest and those above it stay open.

    Everything here raises OSError; for a link it is ELOOP.
    """

    def __init__(self, top: str = "/") -> None:
        self._open = [("", os.open(top, _FOLDER))]

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        while self._open:
            os.close(self._open.pop()[1])

    def enter(self, folder: str, *, make: bool = False) -> int:
        """A descriptor of the folder, good until the next call; `make` makes the folders that are missing."""
        while not folder.startswith(self._open[-1][0]):
            os.close(self._open.pop()[1])
        path, descriptor = self._open[-1]
        for name in filter(None, folder[len(path) :].split("/")):
            path = f"{path}{name}/"
            descriptor = _step(descriptor, name, path, make=make)
            self._open.append((path, descriptor))
            if len(self._open) > _MOST_OPEN:
                os.close(self._open.pop(1)[1])
        return descriptor

    def open(self, path: str, flags: int = os.O_RDONLY | os.O_NONBLOCK) -> int:
        """A descriptor of its own for the file `a/b/name`. It does not wait for the writer of a pipe."""
        folder, name = _split(path)
        return _opened(self.enter(folder), name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, path)

    def status(self, path: str) -> os.stat_result:
        folder, name = _split(path)
        return os.stat(name, dir_fd=self.enter(folder), follow_symlinks=False)

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What is in the folder. Whether an entry is a folder or a file is to be asked before the next call here."""
        listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.enter(folder))
        try:
            with os.scandir(listed) as found:
                return list(found)
        finally:
            os.close(listed)


def open_file(path: Path, flags: int = os.O_RDONLY | os.O_NONBLOCK) -> int:
    """A descriptor for the file at this absolute path."""
    with Folders() as folders:
        return folders.open(below_top(path), flags)


def status(path: Path) -> os.stat_result:
    """The status of what is at this absolute path."""
    with Folders() as folders:
        found = folders.status(below_top(path))
    if stat.S_ISLNK(found.st_mode):
        refuse_link(str(path))
    return found


def below_top(path: Path) -> str:
    """An absolute path, as `Folders("/")` names it."""
    return str(path).lstrip("/")


def refuse_link(path: str) -> NoReturn:
    raise OSError(errno.ELOOP, _MOVED, path)


def _split(path: str) -> tuple[str, str]:
    folder, slash, name = path.rpartition("/")
    return folder + slash, name or "."


def _step(descriptor: int, name: str, path: str, *, make: bool) -> int:
    try:
        return _opened(descriptor, name, _FOLDER, path)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # somebody else was as quick
        os.mkdir(name, dir_fd=descriptor)
    return _opened(descriptor, name, _FOLDER, path)


def _opened(descriptor: int, name: str, flags: int, path: str) -> int:
    try:
        return os.open(name, flags, dir_fd=descriptor)
    except OSError as error:
        # A link where a folder is wanted is ENOTDIR on some systems, ELOOP or EMLINK on others.
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK) and _is_link(descriptor, name):
            refuse_link(path)
        raise


def _is_link(descriptor: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)
    except OSError:
        return False
