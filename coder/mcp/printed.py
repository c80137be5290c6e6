"""The log of one server: what it printed, bounded. Must not know processes.

Written line by line, so that no secret is cut in two before it is hidden.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from coder.core.private import made_private
from coder.mcp.veil import Veil

MOST = 1 << 20  # bytes of a log file; there are two of them
_LINE = 8192
_ODD = re.compile(r"[^A-Za-z0-9_.-]")


class Printed:
    """`write` never raises: a log that cannot be written is none."""

    def __init__(self, folder: Path, name: str, veil: Veil) -> None:
        self.path = folder / f"{_ODD.sub('_', name)[:100] or '_'}.log"
        self.last = ""  # the last line that is not empty
        self._veil = veil
        self._rest = b""
        self._fd: int | None = None
        self._size = 0
        self._opened = False

    def write(self, chunk: bytes) -> None:
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LINE:
            lines.append(self._rest)
            self._rest = b""
        if lines:
            self._put(lines)

    def note(self, text: str) -> None:
        """A line of ours."""
        self.flush()
        self._append(f"[coder] {self._veil(text)}\n".encode("utf-8", "replace"))

    def flush(self) -> None:
        if self._rest:
            lines, self._rest = [self._rest], b""
            self._put(lines)

    def close(self) -> None:
        self.flush()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._opened = False

    def _put(self, lines: list[bytes]) -> None:
        texts = [self._veil(line[:_LINE].decode("utf-8", "replace").rstrip("\r")) for line in lines]
        self.last = next((text for text in reversed(texts) if text.strip()), self.last)
        self._append("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"))

    def _append(self, data: bytes) -> None:
        with suppress(OSError):
            if self._fd is None and not self._opened:
                self._open()
            if self._size + len(data) > MOST:
                self._turn()
            if self._fd is not None:
                os.write(self._fd, data[-MOST:])
                self._size += len(data)

    def _open(self) -> None:
        self._opened = True
        made_private(self.path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._fd = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._fd).st_size

    def _turn(self) -> None:
        """The full file becomes the older one."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self.path.replace(self.path.with_suffix(".log.1"))
        self._open()
