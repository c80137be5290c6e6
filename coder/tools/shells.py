"""The commands a session runs in the background. Must not know how the model asks for them."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.errors import ToolError
from coder.core.workspace import Process
from coder.tools.printed import whole_characters

State: TypeAlias = Literal["running", "completed", "failed", "killed"]


@dataclass(slots=True, eq=False)
class Shell:
    """One background command. `output` is the file that holds all it prints."""

    id: str
    command: str
    process: Process
    output: Path
    started: float = field(default_factory=time.monotonic)
    stopped: bool = False
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
    """Shared by Bash, TaskOutput and TaskStop of one session."""

    def __init__(self) -> None:
        self._shells: dict[str, Shell] = {}
        self._numbers = itertools.count(1)

    @property
    def running(self) -> tuple[Shell, ...]:
        return tuple(shell for shell in self._shells.values() if shell.state == "running")

    def add(self, command: str, process: Process, output: Path) -> Shell:
        shell = Shell(f"b{next(self._numbers)}", command, process, output)
        self._shells[shell.id] = shell
        return shell

    def find(self, task_id: str) -> Shell:
        """Raises ToolError that names the ids there are."""
        if shell := self._shells.get(task_id.strip()):
            return shell
        known = ", ".join(f"{shell.id} ({shell.state}: {shell.command[:60]})" for shell in self._shells.values())
        there = f"There are: {known}." if known else "No command was started in the background in this session."
        raise ToolError(f"No background task has the id {task_id!r}. {there}")

    async def aclose(self) -> None:
        """Kills all that still run."""
        async with asyncio.TaskGroup() as group:
            for shell in self.running:
                group.create_task(shell.stop())
