"""Reads a git index, versions 2 to 4: which blob each file of the work tree is, as long as its status stays the same.

Must not know what that is used for; never writes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

_MOST_BYTES = 200_000_000
_REGULAR = 0o100000


class Staged(NamedTuple):
    """One file as git last saw it. Times in whole seconds and ns; ns are 0 where git does not keep them."""

    ctime: int
    ctime_ns: int
    mtime: int
    mtime_ns: int
    inode: int
    size: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class GitIndex:
    """`files` by their path from the top of the repository. `written` is when the index was, in ns."""

    files: dict[str, Staged]
    written: int


def read_index(path: Path, hash_bytes: int = 20) -> GitIndex | None:
    """None when there is none, or it is of a form that is not known. Never raises."""
    try:
        written = path.stat().st_mtime_ns
        if path.stat().st_size > _MOST_BYTES:
            return None
        return GitIndex(dict(_entries(read_ordinary(path, _MOST_BYTES), hash_bytes)), written)
    except (OSError, ValueError, struct.error, IndexError):
        return None


def _entries(data: bytes, hash_bytes: int) -> Iterator[tuple[str, Staged]]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    fields = struct.Struct(f">10I{hash_bytes}sH")
    at, name = 12, b""
    for _ in range(count):
        start = at
        ctime, ctime_ns, mtime, mtime_ns, _, inode, mode, _, _, size, blob, flags = fields.unpack_from(data, at)
        at += fields.size
        if flags & 0x4000:
            at += 2  # version 3 and later: more flags, none of which changes what the file is
        if version == 4:
            dropped, at = _number(data, at)
            end = data.index(b"\0", at)
            name = name[: len(name) - dropped] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at)
            name = data[at:end]
            at = start + ((end - start) // 8 + 1) * 8
        if not flags & 0x3000 and mode & 0o170000 == _REGULAR:  # no conflict, an ordinary file
            yield os.fsdecode(name), Staged(ctime, ctime_ns, mtime, mtime_ns, inode, size, blob)
    if data[at : at + 4] == b"link":
        raise ValueError("a split index")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number as git writes offsets, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
