"""coder in a process of its own whose modules were loaded before: a nursery has them in memory and forks for each run.
Half of what a run of a test cost was loading. What starts otherwise (terminals, hosts, whatever sets how Python itself
begins) still begins from nothing, and all does with CODER_TESTS_COLD=1. Must not know what is run.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

_FROM_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "TYPER_", "PYDANTIC_")  # what counts when a process begins alone
_PIECE = 1 << 16


class Nursery:
    """Where runs come from that share how Python begins. For one caller at a time."""

    def __init__(self, start: Mapping[str, str]) -> None:
        self.start = dict(start)
        self._held = threading.Lock()
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.nursery", str(theirs.fileno())],
                env={**start, "PATH": os.defpath},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,  # of the kind that the runs have: Python has looked at them by then
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        self._told = self._ours.makefile("r", encoding="utf-8")

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> str:
        """Returns what went wrong in it, if anything did."""
        self._told.close()
        self._ours.close()
        return self._process.communicate()[1].decode()

    def run(
        self, args: Sequence[str], cwd: os.PathLike[str], env: Mapping[str, str], given: bytes | None, timeout: float
    ) -> subprocess.CompletedProcess[bytes] | None:
        """As `subprocess.run` with captured output; None while it runs another."""
        if not self._held.acquire(blocking=False):
            return None
        try:
            mask = os.umask(0o77)
            os.umask(mask)
            with _Pipes(given) as pipes:
                order = json.dumps({"args": args, "cwd": os.fspath(cwd), "env": {**env}, "mask": mask}).encode()
                socket.send_fds(self._ours, [len(order).to_bytes(4, "big")], pipes.theirs)
                pipes.close_theirs()
                self._ours.sendall(order)
                process = self._number()
                try:
                    out, err = pipes.talk(timeout)
                except BaseException as error:
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                    if isinstance(error, TimeoutError):
                        raise subprocess.TimeoutExpired(["coder", *args], timeout) from None
                    raise
                finally:
                    code = self._number()
        finally:
            self._held.release()
        return subprocess.CompletedProcess(["coder", *args], code, out, err)

    def _number(self) -> int:
        line = self._told.readline()
        if not line:
            raise RuntimeError(f"the nursery has ended: {self.close()}")
        return int(line)


class _Pipes:
    """Standard input, output and error of one run."""

    def __init__(self, given: bytes | None) -> None:
        self._given = memoryview(given or b"")
        if given is None:
            theirs, self._in = os.open(os.devnull, os.O_RDONLY), -1
        else:
            theirs, self._in = os.pipe()
            os.set_blocking(self._in, False)
        self._out, their_out = os.pipe()
        self._err, their_err = os.pipe()
        self.theirs = [theirs, their_out, their_err]
        self._ours = {end for end in (self._in, self._out, self._err) if end >= 0}

    def __enter__(self) -> _Pipes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_theirs()
        while self._ours:
            os.close(self._ours.pop())

    def close_theirs(self) -> None:
        while self.theirs:
            os.close(self.theirs.pop())

    def talk(self, timeout: float) -> tuple[bytes, bytes]:
        """Writes what is given and reads to the end of both. Raises TimeoutError."""
        until = time.monotonic() + timeout
        heard = {self._out: bytearray(), self._err: bytearray()}
        with selectors.DefaultSelector() as selector:
            for end in self._ours:
                selector.register(end, selectors.EVENT_WRITE if end == self._in else selectors.EVENT_READ)
            while self._ours:
                ready = selector.select(until - time.monotonic())
                if not ready and time.monotonic() > until:
                    raise TimeoutError
                for key, _ in ready:
                    if self._write() if key.fd == self._in else self._read(key.fd, heard[key.fd]):
                        selector.unregister(key.fd)
                        self._ours.remove(key.fd)
                        os.close(key.fd)
        return bytes(heard[self._out]), bytes(heard[self._err])

    @staticmethod
    def _read(fd: int, heard: bytearray) -> bool:
        """Tells whether that was the end."""
        piece = os.read(fd, _PIECE)
        heard += piece
        return not piece

    def _write(self) -> bool:
        """Tells whether that was all, or nobody reads it."""
        try:
            self._given = self._given[os.write(self._in, self._given[:_PIECE]) :]
        except BrokenPipeError:
            return True
        return not self._given


_nurseries: dict[int, Nursery] = {}


def nurseries() -> set[int]:
    """Processes that a test leaves behind with reason."""
    return {each.pid for each in _nurseries.values()}


def run(
    args: Sequence[str], cwd: os.PathLike[str], env: Mapping[str, str], given: bytes | None, timeout: float
) -> subprocess.CompletedProcess[bytes] | None:
    """None where it has to begin from nothing."""
    if sys.platform != "linux" or os.environ.get("CODER_TESTS_COLD"):
        return None
    start = {name: value for name, value in env.items() if name.startswith(_FROM_THE_START)}
    nursery = _nurseries.get(os.getpid())
    if nursery is None:
        nursery = _nurseries[os.getpid()] = Nursery(start)
        atexit.register(nursery.close)
    return nursery.run(args, cwd, env, given, timeout) if nursery.start == start else None
