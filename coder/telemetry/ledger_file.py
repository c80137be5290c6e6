"""The cost ledger on disk: `<home>/ledger/<YYYY-MM>.jsonl`, one line a request, written by many processes at once.

Beside it the tools and system prompts that requests were made with, each once, by hash. Only its owner can read them.
Must not know what stands in a line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from coder.core.private import made_private

_MONTH = r"\d{4}-\d{2}\.jsonl"  # compiled when something is read: a run only writes
_HEAD = r"[0-9a-f]{12,64}"
_START = b'{"v":'


class LedgerFile:
    """Makes nothing before the first line. `append` raises OSError; what it could not finish spoils no later line."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "ledger"
        self._fd = -1
        self._month = ""
        self._torn = False

    def append(self, line: bytes, now: datetime | None = None) -> None:
        """One write, so that lines of different processes do not mix."""
        month = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m")
        if month != self._month:
            self.close()
            self._open(month)
        data = b"\n" + line if self._torn else line
        self._torn = True
        self._torn = os.write(self._fd, data) != len(data)
        if self._torn:
            raise OSError("the line was not written whole")

    def has_head(self, name: str) -> bool:
        return head_path(self._folder, name).exists()

    def keep_head(self, name: str, data: bytes) -> None:
        """Stores the text of a head. Raises OSError."""
        path = head_path(self._folder, name)
        made_private(path.parent)
        partial = path.with_name(f".{name}.{os.getpid()}")
        fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)  # there is one only when it was not finished

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._month = -1, ""

    def _open(self, month: str) -> None:
        made_private(self._folder)
        path = self._folder / f"{month}.jsonl"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd, self._month = os.open(path, flags, 0o600), month
        size = os.fstat(self._fd).st_size
        self._torn = bool(size) and os.pread(self._fd, 1, size - 1) != b"\n"


def lines(home: Path, since: datetime | None = None) -> Iterator[bytes]:
    """Every line of the ledger, oldest file first; `since` leaves out the months before it. A line that a crash left
    torn comes apart from the one that was written behind it. Raises OSError for a file that cannot be read."""
    first = since.astimezone(UTC).strftime("%Y-%m") if since else ""
    folder = home / "ledger"
    try:
        names = sorted(path.name for path in folder.iterdir() if re.fullmatch(_MONTH, path.name))
    except FileNotFoundError:
        return
    for name in names:
        if name[:7] < first:
            continue
        with (folder / name).open("rb") as file:
            for line in file:
                yield from _apart(line.strip())


def head(home: Path, name: str) -> bytes:
    """The stored text of a head; b"" when there is none."""
    if not re.fullmatch(_HEAD, name):
        return b""
    try:
        return head_path(home / "ledger", name).read_bytes()
    except OSError:
        return b""


def head_path(folder: Path, name: str) -> Path:
    return folder / "heads" / f"{name}.json"


def _apart(line: bytes) -> Iterator[bytes]:
    at = line.rfind(_START, 1)  # never inside a string, where quotes are escaped
    if at > 0:
        yield line[:at]
        line = line[at:]
    if line:
        yield line
