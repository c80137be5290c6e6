"""Folders of ours among the system's temporary files. Each goes with what it was made for; what a process that was
killed has left goes when the next one is made. Must not know what lies in them.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from coder.core.locks import lock

_MARK = ".coder-scratch"  # locked for as long as somebody needs the folder: the lock ends with its process
_NAME = re.compile(r"coder-[a-z]+-\w{8}")
_LOOKED_AT = 500  # for one that is made; others each time, so that none that have to stay hide what could go
_MOST = 20  # of them that are taken away


class Scratch:
    """Open inside `with`, which gives its path; `leave` does the same at once, and again. `kind` is a word for people
    who find it; `base` is where it lies, by default where temporary files do. Raises OSError."""

    def __init__(self, kind: str, base: str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"coder-{kind}-", dir=base))
        self._fd = -1
        try:
            self._fd = _marked(self.path)
        except BaseException:
            take_away(self.path)
            raise
        _sweep(self.path.parent)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *exc: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Never raises for what lies there."""
        take_away(self.path)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def take_away(folder: Path) -> None:
    """A folder and all in it, also where nothing may be changed in some of it, as in caches of modules. Of a link in
    its place, that alone. Never raises OSError; what lies a thousand folders deep may stay."""
    if folder.is_symlink():
        with suppress(OSError):
            folder.unlink()
        return
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        for top, folders, _ in os.walk(folder):
            for path in (Path(top), *(Path(top) / each for each in folders)):
                with suppress(OSError):
                    if not path.is_symlink():
                        path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def _marked(folder: Path) -> int:
    """Locked before it has its name: nobody ever sees a mark that is not held yet."""
    new = folder / f"{_MARK}.new"
    fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if lock(fd):
            new.rename(folder / _MARK)
        else:  # there are no locks: it has no mark, and stays if we are killed
            new.unlink()
    except OSError:
        os.close(fd)
        raise
    return fd


def _sweep(base: Path) -> None:
    """Never raises OSError. What others may have put there, or a person has, is left alone."""
    taken = 0
    with suppress(OSError), os.scandir(base) as entries:
        named = [Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name)]
        for folder in random.sample(named, min(len(named), _LOOKED_AT)):
            with suppress(OSError):
                taken += _take_if_left(folder)
            if taken == _MOST:
                break


def _take_if_left(folder: Path) -> bool:
    """Whether there was something to take. Raises OSError for one that has no mark, or that somebody needs."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return False
    fd = os.open(folder / _MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        is_left = lock(fd)
        if is_left:
            take_away(folder)
        return is_left
    finally:
        os.close(fd)
