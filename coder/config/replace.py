"""One file replaced whole or not at all, by one process at a time. Must not know what is in it. POSIX only.

The lock is on the folder: it needs no file of its own, and stays where it is while files in it are replaced.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.locks import lock

PATIENCE = 30.0  # seconds
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def locked(folder: Path, patience: float = PATIENCE) -> Iterator[bool]:
    """Keeps every other process that asks out of `folder`; blocks until it is free. Gives whether it is locked: a file
    system that knows no locks is taken as it is. Raises OSError, and ConfigError when it is not free in time.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _lock(fd, folder, patience)
    finally:
        os.close(fd)


def _lock(fd: int, folder: Path, patience: float) -> bool:
    try:
        return lock(fd, patience)
    except BlockingIOError as error:
        raise ConfigError(f"{folder} is locked by another process. Nothing was changed. Try again.") from error


def replace(target: Path, data: bytes, mode: int, *, locked: bool) -> None:
    """Makes `data` the content of `target`, which is no link. An old file keeps its mode and owner, a new one gets
    `mode` less the umask. Raises OSError with the old content in place. `locked`: nobody else is writing here.
    """
    if locked:
        _clear(target)
    temporary = target.with_name(f".{target.name}.{os.urandom(8).hex()}.tmp")
    old = _stat(target)
    fd = os.open(temporary, _NEW, mode if old is None else 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            if old is not None:
                with contextlib.suppress(PermissionError):  # a group we are not in
                    os.fchown(fd, old.st_uid, old.st_gid)
                os.fchmod(fd, old.st_mode & 0o7777)
            file.write(data)
            file.flush()
            os.fsync(fd)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _stat(target: Path) -> os.stat_result | None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return None
    if not os.access(target, os.W_OK):  # replacing it would be possible, but is not what its owner wants
        raise PermissionError(13, "it is write-protected")
    return old


def _clear(target: Path) -> None:
    """What writers left that were killed."""
    with contextlib.suppress(OSError):
        for left in target.parent.glob(f".{target.name}.*.tmp"):
            left.unlink()
