"""Who is in a work tree just now: each process that works there holds a lock that ends with it, however it ends. Must
not know sessions.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_FILE = "coder.tenants"
_TURN = "coder-worktrees.lock"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 100_000  # processes that are looked at


class Tenant:
    """One process in a work tree. `admin` is git's folder of that tree."""

    def __init__(self, admin: Path) -> None:
        """Raises OSError where the file cannot be made; a file system without locks is taken as it is."""
        self._fd = os.open(admin / _FILE, _FLAGS, 0o600)
        with contextlib.suppress(OSError):
            fcntl.flock(self._fd, fcntl.LOCK_SH)

    @property
    def fd(self) -> int:
        """Whoever has it open is there too."""
        return self._fd

    def leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def is_inhabited(admin: Path) -> bool:
    """Whether a process works there, or it cannot be told."""
    try:
        fd = os.open(admin / _FILE, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


@contextlib.contextmanager
def in_turn(shared: Path) -> Iterator[None]:
    """Work trees of a repository are made and removed one after the other: two of them may hold the same commit, each
    of them sure that the other does. Waits. Raises OSError."""
    fd = os.open(shared / _TURN, _FLAGS, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def processes_in(folder: Path) -> list[tuple[int, str]]:
    """The person's processes that stand in a folder, with their names. Empty where the system does not tell."""
    real, found = os.path.realpath(folder), []
    try:
        numbers = [place.name for place in Path("/proc").iterdir() if place.name.isdecimal()][:_LINKS]
    except OSError:
        return []
    for number in numbers:
        place = Path("/proc") / number
        try:
            cwd = str((place / "cwd").readlink())
            if cwd == real or cwd.startswith(f"{real}/"):
                found.append((int(number), (place / "comm").read_text(encoding="utf-8", errors="replace").strip()))
        except OSError:
            continue
    return found
