"""Lines on their way out, written by a thread so that a slow reader never holds up the run. Knows bytes only."""

from __future__ import annotations

import errno
import os
import queue
import select
import stat
import threading
import time

_PIECE = 65536
PATIENCE = 30.0
"""Seconds that are waited, in the end, for a reader that reads nothing."""
HURRIED = 3.0
"""The same, once somebody wants the process to end."""
_LOOK = 0.1
_hurry = threading.Event()  # of the process: whoever is told to end it means all it writes


def hurry() -> None:
    """A reader that reads nothing is not waited for much longer, whatever is on its way. May be called by a signal."""
    _hurry.set()


class Outbox:
    """Writes every line, in order, whatever state the descriptor is in. A reader that is gone ends it quietly."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._written = 0
        self._lock = threading.Lock()
        self._waiting = 0  # lines that the thread has yet to write
        self._is_plain = _is_plain(fd)
        self.broken = False
        self.failure: OSError | None = None  # why it is broken, unless the reader has left

    def put(self, line: bytes) -> None:
        """Never blocks (but where no thread is to be had), never raises. A short line goes out at once where there is
        room: another thread costs more than the line."""
        with self._lock:
            if self._is_plain and not self._waiting and len(line) <= select.PIPE_BUF and self._has_room():
                self._write(line)
                return
            if self._thread is None and not self._begin():
                self._write(line)  # late for a slow reader is better than never
                return
            self._waiting += 1
            self._lines.put(line)

    def close(self, patience: float = PATIENCE) -> bool:
        """Waits until everything is written; as long as the reader takes something every `patience` seconds. False when
        something was left."""
        if self._thread is None:
            return not self.broken
        if not self._closed:
            self._closed = True
            self._lines.put(None)
        before, since = self._written, time.monotonic()
        while self._thread.is_alive():
            self._thread.join(min(patience, _LOOK))
            now = time.monotonic()
            if self._written != before:
                before, since = self._written, now
            elif now - since >= (min(patience, HURRIED) if _hurry.is_set() else patience):
                break
        return not self._thread.is_alive()

    def deliver(self, patience: float = PATIENCE) -> None:
        """Closes it. Raises OSError when not everything was delivered: BrokenPipeError when the reader has left."""
        is_whole = self.close(patience)
        if self.failure is not None:
            raise self.failure
        if self.broken:
            raise BrokenPipeError(errno.EPIPE, "whoever read it has left")
        if not is_whole:
            waited = min(patience, HURRIED) if _hurry.is_set() else patience
            raise TimeoutError(errno.ETIMEDOUT, f"nobody has read any of it for {waited:g}s")

    def _begin(self) -> bool:
        """False where there is no thread to be had, as without memory."""
        thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        self._thread = thread
        return True

    def _has_room(self) -> bool:
        """A pipe that can be written to takes so much without anybody waiting."""
        try:
            return not self.broken and bool(select.select([], [self._fd], [], 0)[1])
        except OSError:  # it was closed: the thread finds out how
            return False

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            if not self.broken:
                self._write(line)
            with self._lock:
                self._waiting -= 1

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            try:
                # No more at once than a pipe holds, so that it is seen how far a slow reader is.
                count = os.write(self._fd, view[:_PIECE])
                self._written += count
                view = view[count:]
            except BlockingIOError:  # the descriptor was handed to us non-blocking
                select.select([], [self._fd], [], 1.0)
            except OSError as error:
                self.broken = True
                if error.errno != errno.EPIPE:
                    self.failure = error
                return


def _is_plain(fd: int) -> bool:
    """Whether it is a pipe or a file: a stopped terminal and a connection may say that there is room, and wait."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)) and fd < 1024  # no more can be asked about
