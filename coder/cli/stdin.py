"""Reads what is piped in, without ever waiting for a pipe that nobody writes to. Knows one file descriptor."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from contextlib import suppress

from coder.core.errors import ConfigError

LIMIT = 10_000_000  # bytes
FIRST_BYTE = 3.0  # seconds until a silent pipe is taken for one that nobody will write to
PAUSE = 60.0  # seconds of silence in the middle until the rest is given up
_CHUNK = 1 << 16


def read_piped(*, needed: bool) -> str:
    """The text on standard input; "" when it is a terminal, closed, or a pipe that stays silent.

    `needed`: there is no other prompt, so wait twenty times as long. Raises ConfigError over the
    limit, and for one that is needed and cannot be read.
    """
    fd = _descriptor()
    if fd is None:
        return ""
    try:
        is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        if not is_file and not _ready(fd, FIRST_BYTE * (20 if needed else 1)):
            if not needed:
                _say(f"nothing came on standard input for {FIRST_BYTE:g}s: going on without it")
            return ""
        return _decode(_read_all(fd))
    except OSError as error:  # such as one that is open for writing
        why = f"standard input cannot be read ({error.strerror or error})"
        if needed:
            raise ConfigError(f"{why}. Give the prompt as an argument, and </dev/null.") from error
        _say(f"{why}: going on without it")
        return ""


def _descriptor() -> int | None:
    try:
        fd = sys.stdin.fileno() if sys.stdin is not None else -1
        return None if fd < 0 or os.isatty(fd) else fd
    except (OSError, ValueError):
        return None


def _ready(fd: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            return True
    return False


def _read_all(fd: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while _ready(fd, PAUSE):
        if not (chunk := os.read(fd, _CHUNK)):
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > LIMIT:
            raise ConfigError(
                f"standard input is larger than {LIMIT // 1_000_000} MB. Save it to a file and name it in the prompt."
            )
    else:
        _say(f"standard input paused for {PAUSE:g}s: going on with what came")
    return b"".join(chunks)


def _say(text: str) -> None:
    with suppress(OSError):  # whoever read it has left, or the disk is full
        sys.stderr.write(f"coder: {text}\n")


def _decode(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")
