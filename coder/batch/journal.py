"""The journal of a batch: JSON lines that are only ever appended, each on the disk before anybody acts on it. One
process has it at a time. Must not know what the lines mean.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.locks import lock
from coder.core.messages import Json

_MOST = 2_000_000_000


class Journal:
    def __init__(self, path: Path) -> None:
        """Makes it where there is none. Raises ConfigError: another process has it, or it cannot be used."""
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise ConfigError(f"{path} cannot be opened: {error.strerror}. Name another place with --out.") from error
        try:
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                raise ConfigError(f"{path} is no ordinary file. Name another place with --out.")
            self._lock()
        except ConfigError:
            os.close(self._fd)
            raise

    def _lock(self) -> None:
        try:
            is_there = lock(self._fd)
        except BlockingIOError as error:
            raise ConfigError(
                f"another coder batch writes {self.path} just now. Wait for it, or name another file with --out."
            ) from error
        if is_there and os.fstat(self._fd).st_nlink == 0:  # another one has just ended, and took it with it
            raise ConfigError(f"{self.path} was removed just now. Give the command once more.")

    def entries(self) -> list[Json]:
        """Those that are whole, in order. The last line of a process that was killed may not be: it is taken away, so
        that the next one begins where it should. Raises ConfigError."""
        try:
            os.lseek(self._fd, 0, os.SEEK_SET)
            with os.fdopen(os.dup(self._fd), "rb") as file:
                data = file.read(_MOST + 1)
            if len(data) > _MOST:
                raise ConfigError(f"{self.path} is larger than a journal can be. Name another place with --out.")
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                os.ftruncate(self._fd, whole)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}. Check who may.") from error
        return [entry for line in data[:whole].split(b"\n") if (entry := _entry(line)) is not None]

    def append(self, entry: Json) -> None:
        """Raises OSError; the file is then as it was."""
        line = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
        before = os.fstat(self._fd).st_size
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, before)
            raise

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _entry(line: bytes) -> Json | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
