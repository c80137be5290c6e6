"""Learning that a child process has ended. Must not know what it was."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable


def open_pidfd(pid: int) -> int | None:
    """None where the system has none."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


class ExitWatch:
    """Calls back in the event loop when the child can be reaped: by a pidfd, else from a waiting thread."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        callback: Callable[[], None],
        pidfd: Callable[[int], int | None] = open_pidfd,
    ) -> None:
        """Raises OSError when there is neither a pidfd nor a thread to be had."""
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._fd = pidfd(child.pid)
        if self._fd is not None:
            self._loop.add_reader(self._fd, callback)
        else:
            self._start_thread(child)

    def _start_thread(self, child: subprocess.Popen[bytes]) -> None:
        try:
            threading.Thread(target=self._wait, args=(child,), daemon=True).start()
        except RuntimeError as error:
            raise OSError(errno.EAGAIN, "no thread can be started to wait for the command") from error

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        child.wait()
        try:
            self._loop.call_soon_threadsafe(self._callback)
        except RuntimeError:
            return  # the loop was closed first: nobody is left to be told

    def close(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
