"""What a process printed: head and tail in bounded memory, the whole in a file. Must not know processes or tools."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.private import made_private
from coder.core.workspace import Captured

HEAD = 150_000  # bytes; with TAIL enough for 150,000 characters of any script
TAIL = 450_000
CAP = 1 << 30  # of the file

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Capture:
    """Fed in one thread with `add`; what `add` returns must reach `save`, which may block, before the next `add`."""

    def __init__(self, spill: Path, *, live: bool = False, head: int = HEAD, tail: int = TAIL, cap: int = CAP) -> None:
        """With `live` the file is made now. Raises OSError then, and never later."""
        self._path = spill
        self._head_limit, self._tail_limit, self._cap = head, tail, cap
        self._head, self._tail = bytearray(), bytearray()
        self._total = self._newlines = self._seen = self._saved = 0
        self._fd: int | None = None
        self._spilled = False  # the file was made and is still wanted
        self._spilling = False  # bytes go to the file from now on
        if live:
            self._open()
            self._spilling = True

    def add(self, chunk: bytes) -> bytes:
        """Takes `chunk` in. Returns the bytes to `save`: nothing as long as memory holds everything."""
        unsaved = self._unsaved(chunk)
        self._total += len(chunk)
        self._newlines += chunk.count(b"\n")
        rest = memoryview(chunk)
        if room := self._head_limit - len(self._head):
            self._head += rest[:room]
            rest = rest[room:]
        if len(rest) >= self._tail_limit:
            self._tail = bytearray(rest[len(rest) - self._tail_limit :])
        else:
            self._tail += rest
            del self._tail[: max(0, len(self._tail) - self._tail_limit)]
        return unsaved

    def _unsaved(self, chunk: bytes) -> bytes:
        if self._spilling:
            return chunk if self._saved < self._cap else b""
        if self._total + len(chunk) <= self._head_limit + self._tail_limit:
            return b""
        self._spilling = True
        return b"".join((self._head, self._tail, chunk))

    def keep_all(self) -> bytes | None:
        """From now on every byte goes to the file. Returns what is to be saved for that, None when it is so already."""
        if self._spilling:
            return None
        self._spilling = True
        return b"".join((self._head, self._tail))

    def save(self, data: bytes) -> None:
        """Appends to the file up to the cap. Blocks on the disk. A file that cannot be written whole is given up and
        removed, so that a full disk is not kept full."""
        try:
            if self._saved == 0 and not self._spilled:
                self._open()
            if self._fd is None:
                return
            view = memoryview(data)[: self._cap - self._saved]
            while view:
                written = os.write(self._fd, view)
                self._saved += written
                view = view[written:]
        except OSError:
            self.discard()

    def _open(self) -> None:
        made_private(self._path.parent)
        self._fd = os.open(self._path, _FLAGS, 0o600)
        self._spilled = True

    def discard(self) -> None:
        """Removes the file and makes no other. Idempotent."""
        self._saved = self._cap
        if self._spilled:
            self._spilled = False
            self.close()
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """No more bytes will come. Idempotent."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    @property
    def total(self) -> int:
        return self._total

    def captured(self) -> Captured:
        spill = self._path if self._spilled else None
        return Captured(bytes(self._head), bytes(self._tail), self._total, spill, self._newlines)

    def read_new(self) -> bytes:
        """The bytes since the last call that memory still holds, without a gap: the newest win."""
        start, self._seen = self._seen, self._total
        tail_start = self._total - len(self._tail)
        if start >= tail_start:
            return bytes(self._tail[start - tail_start :])
        if tail_start > len(self._head):
            return bytes(self._tail)
        return bytes(self._head[start:] + self._tail)
