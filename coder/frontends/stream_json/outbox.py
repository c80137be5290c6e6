"""Lines on their way out, written by a thread so that a slow reader never holds up the run. Knows bytes only."""

from __future__ import annotations

import errno
import os
import queue
import select
import threading


class Outbox:
    """Writes every line, in order, whatever state the descriptor is in. A reader that is gone ends it quietly."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._closed = False
        self.broken = False
        self.failure: OSError | None = None  # why it is broken, unless the reader has left
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Never blocks, never raises."""
        self._lines.put(line)

    def close(self, timeout: float = 30.0) -> bool:
        """Waits until everything is written, at most `timeout` seconds. False when something was left."""
        if not self._closed:
            self._closed = True
            self._lines.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            if not self.broken:
                self._write(line)

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:  # the descriptor was handed to us non-blocking
                select.select([], [self._fd], [], 1.0)
            except OSError as error:
                self.broken = True
                if error.errno != errno.EPIPE:
                    self.failure = error
                return
