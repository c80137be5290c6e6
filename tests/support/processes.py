"""Looking at real processes from a test: who is alive, what is open, waiting for something to become true."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DEADLINE = 30.0

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


async def until(condition: Callable[[], bool]) -> None:
    """Waits for `condition`; fails the test when it does not come true within a generous deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """False for a process that is gone, or a zombie nobody has buried yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")


def pid_in(path: Path) -> int | None:
    """The process id a shell wrote to `path` with `echo $! > path`, once it is whole."""
    text = path.read_text() if path.exists() else ""
    return int(text) if text.endswith("\n") else None


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def children() -> list[int]:
    """Our own children, zombies among them."""
    own = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
                own.append(int(name))
    return own
