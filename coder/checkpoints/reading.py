"""Reads the contents of files for a checkpoint, within its limits. Must not know which files, or what for."""

from __future__ import annotations

import errno
import os
import stat

from coder.checkpoints.contents import Contents
from coder.checkpoints.limits import MOST_FILE_BYTES, MOST_NEW_BYTES
from coder.checkpoints.seeds import Seeds, git_content
from coder.checkpoints.walk import Row

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class Reading:
    """The reader of one look. `seeds` spare it files that git keeps. `renamed` tells which content of a seed is now
    known by an id of ours."""

    def __init__(self, contents: Contents, seeds: Seeds | None) -> None:
        self._contents = contents
        self._seeds = seeds
        self._left = MOST_NEW_BYTES
        self.renamed: dict[str, str] = {}

    def __call__(self, folder: int, name: str, path: str, status: os.stat_result, row: Row | None) -> tuple[str, bool]:
        """As `walk.Read`. Raises OSError when it cannot be read."""
        if self._seeds is not None and row is None and (seed := self._seeds.content(path, status)):
            return seed, True
        if status.st_size > min(MOST_FILE_BYTES, self._left):
            return "", True
        self._left -= status.st_size
        data, still = read_file(folder, name, status.st_size)
        if data is None:
            return "", False
        content = self._contents.put(data)
        if row is not None and row[1].startswith("g:") and git_content(data, row[1]) == row[1]:
            self.renamed[row[1]] = content
        return content, still


def read_file(folder: int, name: str, size: int) -> tuple[bytes | None, bool]:
    """The bytes of an ordinary file of about this size, and whether it held still meanwhile; None for one that has
    grown beyond what is kept. Raises OSError."""
    descriptor = os.open(name, _FLAGS, dir_fd=folder)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "not an ordinary file", name)
        data = os.read(descriptor, size + 1)
        if len(data) != size:  # it changes, or comes in pieces
            parts = [data]
            total = len(data)
            while total <= MOST_FILE_BYTES and (part := os.read(descriptor, 1 << 20)):
                parts.append(part)
                total += len(part)
            if total > MOST_FILE_BYTES:
                return None, False
            data = b"".join(parts)
        after = os.fstat(descriptor)
        still = len(data) == after.st_size and before.st_mtime_ns == after.st_mtime_ns
        return data, still and before.st_ctime_ns == after.st_ctime_ns
    finally:
        os.close(descriptor)
