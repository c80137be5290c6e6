"""Writes a file whole or not at all: whoever reads it sees the old content or the new. Must not know what is in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Raises OSError; the old file is then still there. One writer at a time."""
    new = path.with_name(f".{path.name[:200]}.new")
    with suppress(FileNotFoundError):  # of one that was killed
        new.unlink()
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(fd)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
