"""Reads files that may be none: a pipe, a device, a file without end. Never waits. Must not know who asks."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_ordinary(path: Path) -> BinaryIO:
    """The file, to be read. Raises OSError, also for what is no ordinary file; links are followed."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    return os.fdopen(fd, "rb")


def read_ordinary(path: Path, most: int) -> bytes:
    """The first `most` bytes. Raises OSError, also for what is no ordinary file."""
    with open_ordinary(path) as file:
        return file.read(most)
