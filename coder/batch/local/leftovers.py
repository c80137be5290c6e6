"""Processes that an attempt left, found by what stands in their environment, or by number and time of their start.
Where /proc is missing none are found. Must not know what they are.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_PASSES = 5  # a process that forks while we look needs a second look
_LOOK_AGAIN = 0.05


def end_marked(name: str, value: str) -> None:
    """SIGKILL to each of the person's processes with this variable, but for this one."""
    needle = f"{name}={value}".encode() + b"\0"
    killed: set[int] = set()
    for _ in range(_PASSES):
        fresh = {pid for pid in _pids() if pid != os.getpid() and _is_marked(pid, needle)} - killed
        for pid in fresh:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= fresh
        if not fresh:
            return


def begun(pid: int) -> str:
    """When a process was begun, as the kernel counts it; "" when nobody knows."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return ""
    fields = stat[stat.rfind(b")") + 2 :].split()
    return fields[19].decode("ascii", "replace") if len(fields) > 19 and fields[0] not in (b"Z", b"X") else ""


def end_group(pid: int, since: str, grace: float) -> None:
    """Ends the process group of this very process, if it is still there: SIGTERM, `grace` seconds, SIGKILL. Blocks."""
    if pid <= 1 or not since or begun(pid) != since:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        end = time.monotonic() + grace
        while begun(pid) == since and time.monotonic() < end:
            time.sleep(_LOOK_AGAIN)
        if begun(pid) == since:
            os.killpg(pid, signal.SIGKILL)
            while begun(pid) == since and time.monotonic() < end + grace:
                time.sleep(_LOOK_AGAIN)


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir(_PROC) if name.isdecimal()]  # noqa: PTH208  # thousands of names
    except OSError:
        return []


def _is_marked(pid: int, needle: bytes) -> bool:
    try:
        return needle in (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
