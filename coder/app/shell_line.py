"""Runs a command that the person typed themselves. Must not know front ends, or how it gets into the conversation.

Nobody is asked and no rule counts: it is the person's own. What it changes can be undone like what a call changes.
"""

from __future__ import annotations

import asyncio
import codecs
import time
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.ports import Ports, Watched
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Message, Meta, Text, ToolUse
from coder.core.requests import Effect
from coder.core.tools import Access, Runs
from coder.core.workspace import Process, Workspace
from coder.tools.bash import BashSettings, free_path
from coder.tools.bash_report import BashReport
from coder.tools.follow import follow, reset
from coder.tools.verdict import exit_code

if TYPE_CHECKING:
    from coder.permissions.decide import Decision

OnOutput = Callable[[str], None]
_EVERY = 0.1  # seconds between looks at what it prints
_CUT_SHORT = "The person stopped it before it had ended."


@dataclass(frozen=True, slots=True, eq=False)
class ShellDone:
    """`output` is what it printed, bounded and cleaned as the model is told it; `note` what is to be said besides. The
    `message` puts it all into a conversation."""

    code: int
    output: str
    seconds: float
    note: str
    message: Message


@dataclass(frozen=True, slots=True, eq=False)
class ShellLine:
    """`judge` says what a command would touch; its verdict does not count. `aside` is told instead of checkpoints while
    calls of a run are noted, of which there is only one at a time."""

    workspace: Workspace
    spill_dir: Path
    settings: BashSettings
    ports: Ports
    judge: Callable[[ToolUse, Access], Decision]
    aside: Callable[[str], None]

    async def run(
        self, command: str, on_output: OnOutput, done: Callable[[ShellDone], None], *, is_alone: bool
    ) -> ShellDone:
        """Runs it to its end. `on_output` is given what it prints as it comes, raw; `done` the whole of it, also when
        the caller is cancelled: it is killed then.

        Raises SessionError when it cannot be started.
        """
        if not command.strip():
            raise SessionError("There is no command to run. Type one behind the !: ! ls")
        notes = [] if self.workspace.cwd.is_dir() else [reset(self.workspace)]
        cwd, spill = self.workspace.cwd, free_path(self.spill_dir, "shell")
        started = time.monotonic()
        async with self._watched(command, is_alone=is_alone):
            process = await self._start(command, spill)
            was_cut = True
            try:
                await _to_the_end(process, on_output)
                was_cut = False
            finally:
                if process.poll() is None:
                    await process.kill()
                if (status := process.poll()) is not None and not was_cut:
                    notes += follow(status, cwd, self.workspace, keeps_cwd=self.settings.keeps_cwd)
                notes += [_CUT_SHORT] if was_cut else []
                told = await BashReport(command, process.output(), status, None, spill, notes).output(
                    self.settings.max_chars
                )
                code = exit_code(status.code) if status is not None else 137
                printed = told.data or {}
                made = ShellDone(
                    code,
                    str(printed.get("stdout", "")),
                    time.monotonic() - started,
                    str(printed.get("stderr", "")),
                    _message(command, str(told.content), cwd),
                )
                done(made)
        return made

    async def _start(self, command: str, spill: Path) -> Process:
        try:
            return await self.workspace.start(command, spill=spill)
        except OSError as error:
            raise SessionError(f"The command could not be started: {error.strerror or error}.") from error

    @asynccontextmanager
    async def _watched(self, command: str, *, is_alone: bool) -> AsyncIterator[None]:
        access = Runs(command)
        decision = self.judge(ToolUse("", "Bash", {"command": command}), access)
        effects: tuple[Effect, ...] = decision.effects
        if decision.drop is not None:
            await self.ports.checkpoints.before_asking(decision.drop)
        async with self.ports.watch(effects):
            if is_alone:
                async with self.ports.checkpoints.around(Watched(f"! {command}", access, effects, ())):
                    yield
            else:
                try:
                    yield
                finally:
                    self.aside(command)


async def _to_the_end(process: Process, on_output: OnOutput) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    ending = asyncio.ensure_future(process.wait())
    try:
        while not ending.done():
            await asyncio.wait({ending}, timeout=_EVERY, return_when=FIRST_COMPLETED)
            if text := decoder.decode(process.read_new(), final=ending.done()):
                on_output(text)
    finally:
        ending.cancel()


def _message(command: str, output: str, cwd: Path) -> Message:
    text = prompts.load("reminders/shell", command=_inside(command), output=_inside(output), cwd=str(cwd))
    return Message("user", (Text(text),), Meta(kind="shell"))


def _inside(text: str) -> str:
    """The text as it may stand between our tags: it cannot end them."""
    return text.replace("</bash-", "<\\/bash-")
