"""The machine a run works on, as tools see it. Must not know tools, permissions or the model."""

from __future__ import annotations

from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Captured:
    """What a process printed (stdout and stderr merged), bounded: `head` + gap + `tail`.

    `total` counts all bytes and `newlines` all line ends; `spill` is the file that holds the whole (up to a cap),
    or None when nothing was cut or nothing could be written.
    """

    head: bytes
    tail: bytes
    total: int
    spill: Path | None
    newlines: int = 0

    @property
    def omitted(self) -> int:
        return self.total - len(self.head) - len(self.tail)


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """`code` is the shell's exit code, negative signal number when killed. `cwd` is where the shell ended, if known.
    `left_running` tells that processes it started outlive it."""

    code: int
    cwd: Path | None
    left_running: bool = False


class Process(Protocol):
    """A running shell command in its own process group."""

    @property
    def pid(self) -> int: ...

    async def wait(self, timeout: float | None = None) -> ExitStatus | None:
        """The exit status once the foreground command has ended; None after `timeout` seconds. Never kills."""
        ...

    def poll(self) -> ExitStatus | None: ...

    def output(self) -> Captured:
        """Everything printed so far."""
        ...

    def read_new(self) -> bytes:
        """What was printed since the last `read_new`, at most the capture's bound; the newest bytes win."""
        ...

    def keep_all(self) -> None:
        """From now on it is as if it had been started `live`: all it printed and prints goes to its spill file."""
        ...

    async def kill(self) -> None:
        """Ends the whole group: SIGTERM, a short grace, SIGKILL. Safe to call at any time, any number of times."""
        ...


class Workspace(Protocol):
    @property
    def cwd(self) -> Path:
        """Where commands run and relative paths start. Absolute, symlinks kept as the person typed them."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The working directories: the start folder first, then every --add-dir."""
        ...

    def resolve(self, path: str) -> Path:
        """An absolute, normalised path for what the model wrote (`~` expanded, relative to cwd). Touches no file."""
        ...

    def chdir(self, path: Path) -> None: ...

    async def read(self, path: Path) -> bytes:
        """Of an ordinary file. Here and below no part of `path` may be a link: it is the path that was judged
        (`ToolContext.real`), and a link there was put in since. Raises OSError."""
        ...

    async def open(self, path: Path) -> BufferedReader:
        """As `read`, for a file too large to be held. Raises OSError."""
        ...

    async def write(self, path: Path, data: bytes) -> None:
        """Replaces the file whole or not at all: old bytes or new bytes, never a mixture. Keeps its mode, makes
        missing parents. Raises OSError."""
        ...

    async def start(
        self, command: str, *, spill: Path, env: Mapping[str, str] | None = None, live: bool = False
    ) -> Process:
        """Starts `command` in a shell at cwd: no terminal, stdin empty, own process group. Raises OSError.

        The whole output goes to `spill` once it is more than `output()` holds; with `live`, from the first byte on.
        """
        ...

    async def aclose(self) -> None:
        """Kills every process still running. Idempotent."""
        ...
