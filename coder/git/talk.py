"""Talks with a process: gives it its input, takes what it prints up to a bound, ends it in time. Must not know git."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, Literal, TypeAlias

Cut: TypeAlias = Literal["", "slow", "large"]
"""Why a process was ended before it had said all: it took too long, or had more to say than is taken."""

_MOST_COMPLAINT = 1 << 16
_PIECE = 1 << 16


class Talk:
    """One talk with a process in a group of its own. `hold` waits for its end, in a thread if need be; `stop` ends
    it from another one. What was printed until then is kept."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, most: int, seconds: float) -> None:
        self._process = process
        self._left = memoryview(stdin)
        self._most = most
        self._end = time.monotonic() + seconds
        self._awake, self._wake = os.pipe()
        self._out = bytearray()
        self._err = bytearray()

    def hold(self) -> Cut:
        """Blocks until the process has ended, or is ended. Never raises OSError."""
        cut: Cut = "slow"
        try:
            cut = self._talked()
        finally:
            if cut:
                self._kill()
            self._close()
            self._process.wait()
        return cut

    def stop(self) -> None:
        """Ends the process and all it started, and so `hold`."""
        self._kill()
        with suppress(OSError):
            os.write(self._wake, b"x")

    @property
    def out(self) -> bytes:
        return bytes(self._out)

    @property
    def err(self) -> bytes:
        return bytes(self._err)

    def _talked(self) -> Cut:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._awake, selectors.EVENT_READ)
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    waiting.register(stream, selectors.EVENT_READ)
            self._begin_to_say(waiting)
            while len(waiting.get_map()) > 1:
                events = waiting.select(max(0.0, self._end - time.monotonic()))
                if not events or any(key.fd == self._awake for key, _ in events):
                    return "slow"
                for key, _ in events:
                    self._step(waiting, key.fileobj)
                if len(self._out) > self._most:
                    return "large"
        return self._ended()

    def _ended(self) -> Cut:
        """Whoever closes its streams need not have ended."""
        try:
            self._process.wait(max(0.0, self._end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return "slow"
        return ""

    def _begin_to_say(self, waiting: selectors.BaseSelector) -> None:
        stream = self._process.stdin
        if stream is None:
            return
        if not self._left:
            stream.close()
            return
        os.set_blocking(stream.fileno(), False)
        waiting.register(stream, selectors.EVENT_WRITE)

    def _step(self, waiting: selectors.BaseSelector, stream: object) -> None:
        if stream is self._process.stdin:
            self._say(waiting, self._process.stdin)
        elif stream is self._process.stdout:
            self._hear(waiting, self._process.stdout, self._out, self._most + 1)
        elif stream is self._process.stderr:
            self._hear(waiting, self._process.stderr, self._err, _MOST_COMPLAINT)

    def _say(self, waiting: selectors.BaseSelector, stream: IO[bytes] | None) -> None:
        if stream is None:
            return
        try:
            self._left = self._left[os.write(stream.fileno(), self._left[:_PIECE]) :]
        except BlockingIOError:
            return
        except OSError:  # it does not want to hear the rest
            self._left = self._left[:0]
        if not self._left:
            waiting.unregister(stream)
            with suppress(OSError):
                stream.close()

    def _hear(self, waiting: selectors.BaseSelector, stream: IO[bytes] | None, into: bytearray, most: int) -> None:
        if stream is None:
            return
        piece = os.read(stream.fileno(), _PIECE)
        into += piece[: max(0, most - len(into))]
        if not piece:
            waiting.unregister(stream)

    def _kill(self) -> None:
        if self._process.returncode is None:  # not reaped yet, so the number is still its own
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def __del__(self) -> None:
        for end in (self._awake, self._wake):
            with suppress(OSError):
                os.close(end)
