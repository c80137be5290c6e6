"""One running command: fed, listened to, and ended with all its group. Must not know hooks.

Not asyncio's own processes: those wait for the pipes to end, and a daemon keeps them open for ever.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, TypeAlias

from coder.core.dataclass import dataclass

KEPT = 1 << 20  # bytes of each stream; the rest is read and forgotten
_CHUNK = 1 << 16
_PIPE_GRACE = 0.1  # seconds for the pipes to end after the command did
_TERM_GRACE = 0.5  # between SIGTERM and SIGKILL
_REAP_WITHIN = 1.0
_LOOK_AGAIN = 0.05
# Until it is told to go on, nothing of the command runs: whoever ends it should coder be killed knows of it by then.
_HELD, _GO = 'read -r go && exec "$@"', b"\n"


Mind: TypeAlias = Callable[[int, bool], None]
"""Told of a process group when it begins (True) and when its leader has ended. Whoever outlives coder ends the rest."""


def unminded(group: int, begins: bool) -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Launch:
    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str]
    given: bytes  # to its standard input
    is_shell: bool = False  # argv is a POSIX shell and a line for it


class Child:
    """Made inside a running event loop; `close` must follow."""

    def __init__(self, launch: Launch, on_output: Callable[[bytes], None] | None = None, mind: Mind = unminded) -> None:
        """Starts it in a session and group of its own, so without a terminal. `on_output` sees what was kept of its
        output each time there is more. Raises OSError, and ValueError for what no system call takes."""
        self._mind = mind
        self._loop = asyncio.get_running_loop()
        self.exited = asyncio.Event()
        self._reaped = threading.Event()
        self._holding = (
            False  # until its group was killed, a leader that ended is not reaped: the group keeps its number
        )
        argv, given = list(launch.argv), launch.given
        if launch.is_shell:
            argv, given = [argv[0], "-c", _HELD, argv[0], *argv], _GO + given
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=launch.cwd,
            env=launch.env,
            bufsize=0,
            start_new_session=True,
        )
        process = self._process
        mind(process.pid, True)
        assert process.stdin and process.stdout and process.stderr  # asked for above
        self._feed = _Feed(self._loop, process.stdin, given)
        self.out = _Ear(self._loop, process.stdout, on_output)
        self.err = _Ear(self._loop, process.stderr)
        try:
            threading.Thread(target=self._wait, daemon=True).start()
        except RuntimeError as error:
            self.kill()
            self._reap()
            self.close()
            raise OSError(errno.EAGAIN, "no thread can be started to wait for it") from error

    @property
    def code(self) -> int | None:
        """Its exit code; 128 and the signal's number when a signal ended it."""
        code = self._process.returncode
        return code if code is None or code >= 0 else 128 - code

    async def ended(self) -> None:
        """Returns once it has exited and what it printed is here. What it left running in the background lives on."""
        await self.exited.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PIPE_GRACE):
                await self.out.ended.wait()
                await self.err.ended.wait()

    async def end(self) -> None:
        """SIGTERM to its group, half a second, SIGKILL. When cancelled, SIGKILL comes at once."""
        self._holding = True
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TERM_GRACE):
                    await self.exited.wait()
        finally:
            self.kill()
            self._holding = False
            if self.exited.is_set():
                self._reap()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP_WITHIN):
                await self.exited.wait()

    def kill(self) -> None:
        """SIGKILL to its group, now. Not after it was reaped: the number may be a stranger's by then."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Lets go of the pipes. Idempotent."""
        self._feed.close()
        self.out.close()
        self.err.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _wait(self) -> None:
        """In a thread. Where it can, it leaves the reaping to the loop, so that the group keeps its number."""
        if hasattr(os, "waitid"):
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._gone)
        while not self._reaped.wait(_LOOK_AGAIN):
            if self._loop.is_closed():  # also just after it was told: then it never comes to it
                self._reap()

    def _gone(self) -> None:
        if not self._holding:
            self._reap()
        self.exited.set()

    def _reap(self) -> None:
        self._process.wait()
        if not self._reaped.is_set():
            self._reaped.set()
            self._mind(self._process.pid, False)


class _Ear:
    """What comes through a pipe: the first of it kept, all of it counted."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, pipe: IO[bytes], on_output: Callable[[bytes], None] | None = None
    ) -> None:
        self.ended = asyncio.Event()
        self.total = 0
        self._kept = bytearray()
        self._loop, self._pipe, self._on_output = loop, pipe, on_output
        os.set_blocking(pipe.fileno(), False)
        loop.add_reader(pipe.fileno(), self._readable)

    @property
    def text(self) -> str:
        text = self._kept.decode("utf-8", "replace")
        dropped = self.total - len(self._kept)
        return f"{text}\n[{dropped:,} more bytes were not kept]" if dropped else text

    def _readable(self) -> None:
        try:
            chunk = os.read(self._pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        self.total += len(chunk)
        if room := KEPT - len(self._kept):
            self._kept += chunk[:room]
            if self._on_output is not None:
                self._on_output(bytes(self._kept[:_CHUNK]))

    def close(self) -> None:
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
        self.ended.set()


class _Feed:
    """Gives a command its input, as fast as it takes it. One that does not read all of it may do so."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pipe: IO[bytes], given: bytes) -> None:
        self._loop, self._pipe, self._rest = loop, pipe, memoryview(given)
        os.set_blocking(pipe.fileno(), False)
        self._writable()
        if not pipe.closed:
            loop.add_writer(pipe.fileno(), self._writable)

    def _writable(self) -> None:
        try:
            written = os.write(self._pipe.fileno(), self._rest[:_CHUNK])
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._rest = self._rest[written:]
        if not self._rest:
            self.close()

    def close(self) -> None:
        if not self._pipe.closed:
            self._loop.remove_writer(self._pipe.fileno())
            self._pipe.close()
