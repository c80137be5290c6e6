"""Moves what a pipe brings into a capture, from the event loop. Must not know who writes into the pipe."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import termios

from coder.workspace.capture import Capture

_SMALL, _LARGE = 1 << 16, 1 << 20
_BRISK = 1 << 14  # a read this large comes from a writer that would only be slowed down by pauses
_PAUSE = 0.002  # lets a chatty writer gather lines, so that each wake-up takes many
_IDLE_PAUSE = 0.01  # for output nobody will see


class Pump:
    """Owns the reading end `fd`. Reads while the capture keeps up; else the pipe fills and the writer waits."""

    def __init__(self, fd: int, capture: Capture) -> None:
        os.set_blocking(fd, False)
        self.ended = asyncio.Event()
        self._moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = fd
        self._capture = capture
        self._size = _SMALL
        self._dropping = False
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Future[None] | None = None
        self._resume()

    async def settle(self, grace: float) -> None:
        """Returns once all that is in the pipe now has been taken and, if it comes within `grace` seconds, its end."""
        backlog = self._capture.total + self._waiting()
        if self._saving is None:
            self._resume()
        while not self.ended.is_set() and (self._saving is not None or self._capture.total < backlog):
            self._moved.clear()
            await self._moved.wait()
        try:
            async with asyncio.timeout(grace):
                await self.ended.wait()
        except TimeoutError:
            return

    def keep_all(self) -> None:
        """From now on all that comes goes to the capture's file, behind what came before."""
        if (unsaved := self._capture.keep_all()) is not None:
            self._save(unsaved)

    def drop(self) -> None:
        """From now on what comes is read, so that its writer lives on, and thrown away."""
        self._dropping = True

    def close(self) -> None:
        """Closes the pipe and the capture. Idempotent."""
        if self._fd is None:
            return
        self._cancel_timer()
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = None
        if self._saving is None:
            self._capture.close()
        self.ended.set()
        self._moved.set()

    def _waiting(self) -> int:
        if self._fd is None:
            return 0
        return int.from_bytes(fcntl.ioctl(self._fd, termios.FIONREAD, bytes(4)), sys.byteorder)

    def _readable(self) -> None:
        if self._fd is None:
            return
        try:
            chunk = os.read(self._fd, self._size)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
        elif self._dropping:
            self._pause(_IDLE_PAUSE)
        else:
            self._take(chunk)
        self._moved.set()

    def _take(self, chunk: bytes) -> None:
        if len(chunk) == self._size:
            self._widen()
        if unsaved := self._capture.add(chunk):
            self._save(unsaved)
        elif len(chunk) < _BRISK:
            self._pause(_PAUSE)

    def _save(self, unsaved: bytes) -> None:
        try:
            self._saving = self._loop.run_in_executor(None, self._capture.save, unsaved)
        except RuntimeError:  # no thread to be had: better late than lost
            self._capture.save(unsaved)
        else:
            self._stop_reading()
            self._saving.add_done_callback(self._saved)

    def _saved(self, saving: asyncio.Future[None]) -> None:
        self._saving = None
        if self._fd is None:
            self._capture.close()
        else:
            self._resume()
        self._moved.set()

    def _widen(self) -> None:
        """A full read: ask the kernel for a larger pipe, fewer wake-ups. It may refuse."""
        if sys.platform == "linux" and self._size < _LARGE and self._fd is not None:
            try:
                self._size = fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, _LARGE)
            except OSError:
                return

    def _pause(self, seconds: float) -> None:
        self._stop_reading()
        self._timer = self._loop.call_later(seconds, self._resume)

    def _stop_reading(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)

    def _resume(self) -> None:
        self._cancel_timer()
        if self._fd is not None:
            self._loop.add_reader(self._fd, self._readable)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
