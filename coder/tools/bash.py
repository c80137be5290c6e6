"""Bash: runs a command in the workspace's shell. Must not know how processes are made, captured or killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.tools import Runs, ToolContext, ToolOutput
from coder.core.workspace import Process, Workspace
from coder.tools.follow import follow, reset
from coder.tools.shells import Shells

if TYPE_CHECKING:
    from coder.tools import bash_report as reports
    from coder.tools import printed as prints
else:  # until a command has printed something
    reports, prints = LazyModule("coder.tools.bash_report"), LazyModule("coder.tools.printed")

_MOST_CHARS = 150_000
_PROGRESS_EVERY = 1.0
_PROGRESS_LINES = 3


@dataclass(frozen=True, slots=True)
class BashParams:
    command: Annotated[str, "The command, as for bash -c"]
    timeout: Annotated[
        int | None, "Milliseconds before it is killed with all it started; default 120000, at most 600000"
    ] = None
    description: Annotated[str | None, "What it does, in five to ten words"] = None
    run_in_background: Annotated[bool, "Return at once and let it run; for servers and watchers"] = False


@dataclass(frozen=True, slots=True)
class BashSettings:
    """Limits a person may set by environment variable."""

    default_timeout_ms: int = 120_000
    max_timeout_ms: int = 600_000
    max_chars: int = 30_000
    keeps_cwd: bool = True
    has_background: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> BashSettings:
        """Values that are no positive whole number count as not set."""
        default = _positive(env, "BASH_DEFAULT_TIMEOUT_MS", 120_000)
        return cls(
            default_timeout_ms=default,
            max_timeout_ms=max(default, _positive(env, "BASH_MAX_TIMEOUT_MS", 600_000)),
            max_chars=min(_positive(env, "BASH_MAX_OUTPUT_LENGTH", 30_000), _MOST_CHARS),
            keeps_cwd=env.get("CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR") != "1",
            has_background=env.get("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS") != "1",
        )


class Bash:
    name = "Bash"
    params = BashParams

    def __init__(
        self,
        shells: Shells,
        settings: BashSettings | None = None,
        objection: Callable[[str], str] = lambda command: "",
    ) -> None:
        """`objection` says why a command is not run as it stands, and how it could be; "" for nearly all."""
        self._shells = shells
        self._settings = settings or BashSettings()
        self._objection = objection

    def access(self, params: BashParams, workspace: Workspace) -> Runs:
        return Runs(params.command)

    def summary(self, params: BashParams) -> str:
        return params.command

    async def run(self, params: BashParams, context: ToolContext) -> ToolOutput:
        timeout = self._timeout(params)
        if not params.command.strip():
            raise ToolError('`command` is empty. Pass the command to run, such as {"command": "ls -la"}.')
        if objection := self._objection(params.command):
            raise ToolError(objection)
        spill = free_path(context.spill_dir, context.tool_use_id)
        notes = [reset(context.workspace)] if not context.workspace.cwd.is_dir() else []
        process = await _start(params, context.workspace, spill)
        if params.run_in_background:
            return self._in_background(params, process, spill, notes)
        began_in, started = context.workspace.cwd, time.monotonic()
        with self._shells.in_front(context.tool_use_id, can_go_back=self._settings.has_background) as sent_back:
            end = await _outcome(process, timeout / 1000, context.progress, sent_back)
        if end == "sent_back":
            return self._sent_back(params, process, spill, notes, started)
        status, timed_out = process.poll(), end == "timed_out"
        if status is not None:
            notes += follow(status, began_in, context.workspace, keeps_cwd=self._settings.keeps_cwd)
        report = reports.BashReport(
            params.command, process.output(), status, timeout if timed_out else None, spill, notes
        )
        return await report.output(self._settings.max_chars)

    def _timeout(self, params: BashParams) -> int:
        if params.run_in_background and not self._settings.has_background:
            raise ToolError("Background commands are switched off here. Run it without `run_in_background`.")
        if params.timeout is not None and params.timeout < 0:
            raise ToolError(f"`timeout` is {params.timeout}; expected milliseconds, such as 120000.")
        return min(params.timeout or self._settings.default_timeout_ms, self._settings.max_timeout_ms)

    def _in_background(self, params: BashParams, process: Process, spill: Path, notes: list[str]) -> ToolOutput:
        shell = self._shells.add(params.command, process, spill)
        text = (
            f"Running in the background as {shell.id}. All it prints goes to {spill}\n"
            f"TaskOutput reads what is new, TaskStop ends it."
        )
        data = {**reports.structured("", notes), "backgroundTaskId": shell.id}
        return ToolOutput("\n".join([text, *notes]), data, f"background {shell.id}")

    def _sent_back(
        self, params: BashParams, process: Process, spill: Path, notes: list[str], started: float
    ) -> ToolOutput:
        """The person does not want to wait for it: it goes on as if it had been started in the background."""
        process.keep_all()
        shell = self._shells.add(params.command, process, spill, started)
        shell.read_new()  # TaskOutput goes on behind what is shown here
        body = prints.printed(process.output(), self._settings.max_chars).text(spill)
        text = (
            f"The person sent it to the background as {shell.id}, where it goes on. All it prints goes to {spill}\n"
            f"TaskOutput reads what is new, TaskStop ends it. What it printed until now:\n{body or '(nothing)'}"
        )
        data = {**reports.structured(body, notes), "backgroundTaskId": shell.id, "backgroundedByUser": True}
        return ToolOutput("\n".join([text, *notes]), data, f"background {shell.id}")


async def _start(params: BashParams, workspace: Workspace, spill: Path) -> Process:
    try:
        return await workspace.start(params.command, spill=spill, live=params.run_in_background)
    except OSError as error:
        advice = ""
        if not workspace.cwd.is_dir():
            advice = f" The working directory {workspace.cwd} does not exist any more."
        elif len(params.command) > 100_000:
            advice = " Write it to a file with the Write tool and run that file."
        raise ToolError(f"The command could not be started: {error.strerror or error}.{advice}") from error


async def _outcome(
    process: Process, seconds: float, progress: Callable[[str], None], sent_back: asyncio.Event
) -> Literal["ended", "timed_out", "sent_back"]:
    """Waits for the end, or kills at the timeout. However this is left, nothing of the command still runs, unless it
    was sent to the background."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    shown = ""
    ending, back = asyncio.ensure_future(process.wait()), asyncio.ensure_future(sent_back.wait())
    goes_on = False
    try:
        while (left := deadline - loop.time()) > 0:
            await asyncio.wait({ending, back}, timeout=min(left, _PROGRESS_EVERY), return_when=FIRST_COMPLETED)
            if ending.done():
                break
            if sent_back.is_set() and process.poll() is None:
                goes_on = True
                return "sent_back"
            if (lines := prints.last_lines(process.output(), _PROGRESS_LINES)) != shown:
                progress(lines)
                shown = lines
        return "timed_out" if process.poll() is None else "ended"
    finally:
        ending.cancel()
        back.cancel()
        if process.poll() is None and not goes_on:
            await process.kill()


def free_path(folder: Path, name: str) -> Path:
    """A path in the folder that nothing is at, called after `name`, whatever that holds."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:100] or "bash"
    names = itertools.chain([f"{stem}.txt"], (f"{stem}-{number}.txt" for number in itertools.count(2)))
    return next(path for name in names if not os.path.lexists(path := folder / name))


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default
