"""The commands a session runs in the background. Must not know how the model asks for them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.workspace import Process
from coder.tools.printed import whole_characters

State: TypeAlias = Literal["running", "completed", "failed", "killed"]


@dataclass(slots=True, eq=False)
class Shell:
    """One background command. `output` is the file that holds all it prints, `told`: the model knows of its end."""

    id: str
    command: str
    process: Process
    output: Path
    started: float = field(default_factory=time.monotonic)
    stopped: bool = False
    told: bool = False
    ended: float | None = None
    _read: int = 0
    _held: bytes = b""  # the first bytes of a character whose rest has not come yet

    @property
    def state(self) -> State:
        status = self.process.poll()
        if status is None:
            return "running"
        if self.stopped:
            return "killed"
        return "completed" if status.code == 0 else "failed"

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self.ended or time.monotonic()) - self.started

    def read_new(self) -> tuple[bytes, int]:
        """What was printed since the last call, and how many bytes before it are lost to memory (not to the file)."""
        new = self.process.read_new()
        total = self.process.output().total
        lost = total - self._read - len(new)
        self._read = total
        data = (b"" if lost else self._held) + new
        whole = whole_characters(data) if self.state == "running" else data
        self._held = data[len(whole) :]
        return whole, lost

    async def stop(self) -> None:
        """Kills it with all it started. Nothing happens when it has ended."""
        self.stopped = self.stopped or self.process.poll() is None
        await self.process.kill()


class Shells:
    """Shared by Bash, TaskOutput and TaskStop of one session. `on_end` is told of each command that ended by itself or
    was stopped, but not of those that the end of the session kills."""

    def __init__(self) -> None:
        self.on_end: Callable[[Shell], None] = _untold
        self._shells: dict[str, Shell] = {}
        self._numbers = itertools.count(1)
        self._watching: set[asyncio.Task[None]] = set()
        self._in_front: list[tuple[str, asyncio.Event]] = []

    @property
    def all(self) -> tuple[Shell, ...]:
        """In the order in which they came to the background."""
        return tuple(self._shells.values())

    @property
    def running(self) -> tuple[Shell, ...]:
        return tuple(shell for shell in self._shells.values() if shell.state == "running")

    def add(self, command: str, process: Process, output: Path, started: float | None = None) -> Shell:
        shell = Shell(f"b{next(self._numbers)}", command, process, output, started or time.monotonic())
        self._shells[shell.id] = shell
        watching = asyncio.ensure_future(self._watch(shell))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return shell

    @contextmanager
    def in_front(self, call: str, *, can_go_back: bool) -> Iterator[asyncio.Event]:
        """A command that is waited for inside the block; the event is set when it is to go on in the background."""
        event = asyncio.Event()
        if can_go_back:
            self._in_front.append((call, event))
        try:
            yield event
        finally:
            if can_go_back:
                self._in_front.remove((call, event))

    def send_back(self, call: str = "") -> bool:
        """Sends the commands that are waited for to the background, or the one of that call; False when there is
        none."""
        meant = [event for of, event in self._in_front if call in ("", of)]
        for event in meant:
            event.set()
        return bool(meant)

    def find(self, task_id: str) -> Shell:
        """Raises ToolError that names the ids there are."""
        if shell := self._shells.get(task_id.strip()):
            return shell
        known = ", ".join(f"{shell.id} ({shell.state}: {shell.command[:60]})" for shell in self._shells.values())
        there = f"There are: {known}." if known else "No command was started in the background in this session."
        raise ToolError(f"No background task has the id {task_id!r}. {there}")

    async def aclose(self) -> None:
        """Kills all that still run, and tells nobody."""
        self.forget()
        async with asyncio.TaskGroup() as group:
            for shell in self.running:
                group.create_task(shell.stop())

    def forget(self) -> None:
        """Nobody is told of ends from now on."""
        for watching in self._watching:
            watching.cancel()

    async def _watch(self, shell: Shell) -> None:
        await shell.process.wait()
        shell.ended = time.monotonic()
        self.on_end(shell)


def _untold(shell: Shell) -> None:
    pass
