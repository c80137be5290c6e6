"""One program in a process group of its own, listened to, and ended whole: by its end, a time limit, or somebody who
stops it. Must not know what it runs.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from coder.batch.local.leftovers import begun, end_marked
from coder.core.dataclass import dataclass

How: TypeAlias = Literal["", "timeout", "stopped"]
GRACE = 15.0
"""Seconds between SIGTERM, at which coder ends what it runs and says what there is, and SIGKILL."""
_LONGEST_LINE = 64 << 20
_TAIL = 16_000
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """`marks` (name and value) are in the environment of all it starts. With `held` its first argument is a descriptor
    that ends when this process does, however that happens. `fds` are kept open in it."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    marks: tuple[str, str]
    given: bytes = b""
    seconds: float | None = None
    held: bool = False
    fds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Exit:
    """`code` is negative for a signal. `said` is the end of what it wrote to standard error."""

    code: int
    how: How
    said: str


async def run(
    launch: Launch,
    stop: asyncio.Event,
    on_line: Callable[[bytes], None],
    on_start: Callable[[int, str], None] = lambda pid, begun: None,
    grace: float = GRACE,
) -> Exit:
    """To its end; nothing that it began is left then. Raises OSError when it cannot be started. Not to be cancelled."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(launch.given)
        given.seek(0)
        reading, holding = os.pipe()
        try:
            process = _started(launch, given.fileno(), said.fileno(), reading)
            os.close(reading)
            reading = -1
            assert process.stdout is not None  # asked for
            ear = _Ear(process.stdout.fileno(), on_line)
            try:
                on_start(process.pid, begun(process.pid))
                how = await _over(process, launch.seconds, stop, grace)
            finally:
                _kill(process)
                end_marked(*launch.marks)
                code = process.wait()
                ear.close()
                process.stdout.close()
        finally:
            for fd in (reading, holding):
                if fd >= 0:
                    os.close(fd)
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _TAIL))
        return Exit(code, how, said.read(_TAIL).decode("utf-8", "replace"))


def _started(launch: Launch, given: int, said: int, held: int) -> subprocess.Popen[bytes]:
    argv = [launch.argv[0], *launch.argv[1:]]
    fds = launch.fds
    if launch.held:
        argv, fds = [part.replace("{held}", str(held)) for part in argv], (*fds, held)
    try:
        return subprocess.Popen(
            argv,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=launch.cwd,
            env={**launch.env, launch.marks[0]: launch.marks[1]},
            start_new_session=True,
            pass_fds=fds,
            bufsize=0,
        )
    except ValueError as error:  # a NUL, half a character
        raise OSError(errno.EINVAL, str(error)) from error


async def _over(process: subprocess.Popen[bytes], seconds: float | None, stop: asyncio.Event, grace: float) -> How:
    """How it came to its end. It is not reaped: its group keeps its number until it was killed."""
    ended = asyncio.ensure_future(_ended(process))
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({ended, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
            os.killpg(process.pid, signal.SIGCONT)
        await asyncio.wait({ended}, timeout=grace)
        if not ended.done():
            _kill(process)
            await asyncio.wait({ended}, timeout=grace)
        return "stopped" if stopped.done() else "timeout"
    finally:
        ended.cancel()
        stopped.cancel()


async def _ended(process: subprocess.Popen[bytes]) -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        if hasattr(os, "waitid"):
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:
            process.wait()
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=wait, name="attempt", daemon=True).start()
    await gone.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


class _Ear:
    """The lines that come through a pipe; one that is too long is passed over."""

    def __init__(self, fd: int, on_line: Callable[[bytes], None]) -> None:
        self._fd, self._on_line, self._held = fd, on_line, bytearray()
        self._is_long = False
        os.set_blocking(fd, False)
        asyncio.get_running_loop().add_reader(fd, self._readable)
        self._listens = True

    def _readable(self) -> bool:
        """Whether there may be more at once."""
        try:
            chunk = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        if not chunk:
            self._deaf()
            return False
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            if not self._is_long:
                self._on_line(bytes(self._held + line))
            self._held.clear()
            self._is_long = False
        self._held += rest
        if len(self._held) > _LONGEST_LINE:
            self._held.clear()
            self._is_long = True
        return True

    def _deaf(self) -> None:
        if self._listens:
            self._listens = False
            asyncio.get_running_loop().remove_reader(self._fd)

    def close(self) -> None:
        """Takes what is there, and no more: somebody who left the group may hold the pipe open for ever."""
        for _ in range(1_000):
            if not (self._listens and self._readable()):
                break
        self._deaf()
        if self._held and not self._is_long:
            self._on_line(bytes(self._held))
