"""The processes a shell started, wherever they went, and how to end them. Must not know what they run or print.

A child is found by its process group and, on Linux, by its session id and by a marker in its environment: that also
finds children that left group and session (setsid, double fork). Where /proc is missing only the group is found.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

MARKER = "CODER_SHELL"

_PROC = "/proc"
_HAS_PROC = os.access(f"{_PROC}/self/environ", os.R_OK)
_PASSES = 5  # a process that forks while we look needs a second look
_KILLED_WITHIN = 2.0


class Family:
    """All processes whose marker is `marker`, or begins with it when it ends in a dot.

    `leader` is the id of the process group and session they began in; None when only the marker can be trusted.
    """

    def __init__(self, marker: str, leader: int | None = None) -> None:
        end = b"" if marker.endswith(".") else b"\0"
        self._needle = f"{MARKER}={marker}".encode() + end
        self._leader = leader

    @property
    def leader(self) -> int | None:
        return self._leader

    def outlives_leader(self) -> bool:
        """To be called when the leader has just been reaped: is anything of its group left?

        From then on its number may go to a stranger, so where there are markers only they are trusted.
        """
        left = self._group_exists() and (not _HAS_PROC or bool(self.members()))
        if _HAS_PROC or not left:
            self._leader = None
        return left

    def members(self) -> list[int]:
        """The living processes found through /proc; empty where there is none. Zombies do not count."""
        if not _HAS_PROC:
            return []
        me = os.getpid()
        with os.scandir(_PROC) as entries:
            pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
        return [pid for pid in pids if pid != me and self._is_ours(pid)]

    def signal(self, number: signal.Signals) -> bool:
        """Sends to the group and to every member. False when there was nobody."""
        reached = False
        if self._leader is not None:
            reached = _send(os.killpg, self._leader, number)
        for pid in self.members():
            reached = _send(os.kill, pid, number) or reached
        return reached

    async def end(self, grace: float) -> None:
        """SIGTERM, `grace` seconds, SIGKILL. When cancelled, SIGKILL comes at once, before the cancellation goes on."""
        if not self.signal(signal.SIGTERM):
            return
        try:
            self.signal(signal.SIGCONT)
            gone = await self._gone(grace)
        except asyncio.CancelledError:
            self.kill()
            raise
        if not gone:
            self.kill()
            await self._gone(_KILLED_WITHIN)

    def kill(self) -> None:
        """SIGKILL, now, to everyone who can be found."""
        killed: set[int] = set()
        for _ in range(_PASSES):
            if self._leader is not None:
                _send(os.killpg, self._leader, signal.SIGKILL)
            fresh = set(self.members()) - killed
            for pid in fresh:
                _send(os.kill, pid, signal.SIGKILL)
            killed |= fresh
            if not fresh:
                return

    async def _gone(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + seconds, 0.002
        while self.is_alive():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.05)
        return True

    def is_alive(self) -> bool:
        if self._leader is not None and not _HAS_PROC:
            return self._group_exists()
        return bool(self.members())

    def _group_exists(self) -> bool:
        return self._leader is not None and _send(os.killpg, self._leader, 0)

    def _is_ours(self, pid: int) -> bool:
        try:
            if self._leader is not None and os.getsid(pid) == self._leader:
                return not _is_zombie(pid)
            return self._needle in _read(f"{_PROC}/{pid}/environ")
        except OSError:
            return False


def _is_zombie(pid: int) -> bool:
    stat = _read(f"{_PROC}/{pid}/stat")
    return stat[stat.rindex(b")") + 2 :][:1] in (b"Z", b"X")


def _read(path: str) -> bytes:
    # Every process of the machine is looked at, so no file object for each.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        while part := os.read(fd, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def _send(send: Callable[[int, int], None], target: int, number: int) -> bool:
    """False when the target is gone or not ours to signal."""
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
