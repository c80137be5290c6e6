"""One running shell command: its exit, its output, its end. Must not know tools, nor why it is ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.workspace import Captured, ExitStatus
from coder.workspace.capture import Capture
from coder.workspace.exits import ExitWatch
from coder.workspace.family import Family
from coder.workspace.pump import Pump

_TERM_GRACE = 0.5  # seconds between SIGTERM and SIGKILL
_PIPE_GRACE = 0.1  # seconds for the pipe to end after the shell did: tee in a process substitution needs a moment
_REAP_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything needed to start. `report` is where the shell leaves its last folder when that is not `cwd`."""

    argv: list[bytes]
    cwd: Path
    env: Mapping[str, str]
    report: Path
    marker: str


class LocalProcess:
    """Implements `coder.core.workspace.Process`. Made by `launch`, inside a running event loop."""

    def __init__(self, child: subprocess.Popen[bytes], pipe: int, capture: Capture, launch: Launch, live: bool) -> None:
        self.family = Family(launch.marker, child.pid)
        self._child = child
        self._capture = capture
        self._pump = Pump(pipe, capture)
        self._launch = launch
        self._live = live
        self._status: ExitStatus | None = None
        self._exited = asyncio.Event()
        self._ending = self._settled = False
        self._when_over: Callable[[LocalProcess], None] | None = None
        try:
            self._watch = ExitWatch(child, self._reap)
        except OSError:
            self._pump.close()
            raise

    @classmethod
    def launch(cls, launch: Launch, capture: Capture, *, live: bool) -> LocalProcess:
        """Starts it in its own session and process group. Raises OSError."""
        try:
            reading, writing = os.pipe()
        except OSError:
            capture.discard()
            raise
        try:
            child = subprocess.Popen(
                launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.STDOUT,
                cwd=launch.cwd,
                env=launch.env,
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            capture.discard()
            raise
        finally:
            os.close(writing)
        try:
            return cls(child, reading, capture, launch, live)
        except OSError:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise

    def when_over(self, callback: Callable[[LocalProcess], None]) -> None:
        """`callback` is told, in the event loop, once the shell was reaped (and `poll().left_running` is known)."""
        self._when_over = callback

    @property
    def pid(self) -> int:
        return self._child.pid

    async def wait(self, timeout: float | None = None) -> ExitStatus | None:
        try:
            async with asyncio.timeout(timeout):
                await self._exited.wait()
        except TimeoutError:
            return None
        await self._settle_pipe()
        return self._status

    def poll(self) -> ExitStatus | None:
        return self._status

    def output(self) -> Captured:
        return self._capture.captured()

    def read_new(self) -> bytes:
        return self._capture.read_new()

    def keep_all(self) -> None:
        self._live = True
        self._pump.keep_all()

    async def kill(self) -> None:
        self._ending = True  # until all are gone the group keeps its number, whoever leads it
        try:
            await self.family.end(_TERM_GRACE)
            await self._reaped()
        finally:
            self._ending = False
            self._settle_family()
        if self._status is not None:
            await self._settle_pipe()
            left_running = self.family.is_alive() or not self._pump.ended.is_set()
            self._status = replace(self._status, left_running=left_running)

    @property
    def is_over(self) -> bool:
        """Shell and children gone, pipe and files closed."""
        return self._status is not None and not self._status.left_running and self._pump.ended.is_set()

    async def _reaped(self) -> None:
        try:
            async with asyncio.timeout(_REAP_WITHIN):
                await self._exited.wait()
        except TimeoutError:
            return  # stuck in the kernel: it ends when the kernel lets go

    def close(self) -> None:
        """Lets go of every file. For a process that is over, or that nothing can end."""
        self._watch.close()
        self._pump.close()

    async def _settle_pipe(self) -> None:
        """Takes what is there. A pipe that stays open belongs to something left running."""
        await self._pump.settle(_PIPE_GRACE)
        if self._status is not None and not self._pump.ended.is_set():
            self._status = replace(self._status, left_running=True)
            if not self._live:
                self._pump.drop()

    def _reap(self) -> None:
        code = self._child.poll()
        if code is None or self._status is not None:
            return
        self._watch.close()
        folder = self._last_folder()
        self._status = ExitStatus(code, folder if code >= 0 else None)
        self._settle_family()
        self._exited.set()

    def _settle_family(self) -> None:
        if self._status is None or self._ending or self._settled:
            return
        self._settled = True
        self._status = replace(self._status, left_running=self.family.outlives_leader())
        if self._when_over is not None:
            self._when_over(self)

    def _last_folder(self) -> Path | None:
        report = self._launch.report
        try:
            told = report.read_bytes()
            report.unlink()
        except OSError:
            return self._launch.cwd
        return Path(os.fsdecode(told.removesuffix(b"\n"))) if told.startswith(b"/") else None
