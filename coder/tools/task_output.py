"""TaskOutput: what a background command printed since the last look. Must not start or end anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Protocol

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Captured, Workspace
from coder.tools.shells import Shell, Shells

if TYPE_CHECKING:
    from coder.tools import printed as prints
    from coder.tools import verdict
else:
    prints, verdict = LazyModule("coder.tools.printed"), LazyModule("coder.tools.verdict")

_MOST_MS = 600_000
_CHARS = 30_000


class AgentTasks(Protocol):
    """The agents of a session, which may work in the background like commands."""

    def holds(self, id: str) -> bool: ...

    async def wait_for(self, id: str, seconds: float) -> tuple[str, str, Json]:
        """How it stands, after so many seconds at most: its state, the words for it, the structured result."""
        ...

    async def stop(self, id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TaskOutputParams:
    task_id: Annotated[str, "The id Bash returned, such as b1; or an agent's"]
    block: Annotated[bool, "Wait for the command to end"] = True
    timeout: Annotated[int, "Longest wait in milliseconds, at most 600000"] = 30_000


class TaskOutput:
    name = "TaskOutput"
    params = TaskOutputParams

    def __init__(self, shells: Shells, max_chars: int = _CHARS, agents: AgentTasks | None = None) -> None:
        self._shells = shells
        self._agents = agents
        self._max_chars = max_chars

    def access(self, params: TaskOutputParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: TaskOutputParams) -> str:
        return params.task_id

    async def run(self, params: TaskOutputParams, context: ToolContext) -> ToolOutput:
        if params.timeout < 0:
            raise ToolError(f"`timeout` is {params.timeout}; expected milliseconds, such as 30000.")
        if self._agents is not None and self._agents.holds(params.task_id):
            wait = min(params.timeout, _MOST_MS) / 1000 if params.block else 0.0
            state, text, found = await self._agents.wait_for(params.task_id, wait)
            return ToolOutput(text, found, state)
        shell = self._shells.find(params.task_id)
        if params.block or shell.state != "running":
            await shell.process.wait(min(params.timeout, _MOST_MS) / 1000)
        state, headline = shell.state, _headline(shell)
        output = self._new_output(shell)
        shell.told = shell.told or state != "running"
        status = shell.process.poll()
        retrieval = "success" if state != "running" else "timeout" if params.block else "not_ready"
        data = {
            "retrieval_status": retrieval,
            "task": {
                "task_id": shell.id,
                "task_type": "local_bash",
                "status": state,
                "description": shell.command,
                "output": output,
                "exitCode": None if status is None else verdict.exit_code(status.code),
            },
        }
        return ToolOutput(f"{headline}\n\n{output or 'Nothing new was printed.'}", data, state)

    def _new_output(self, shell: Shell) -> str:
        new, lost = shell.read_new()
        file = shell.process.output().spill
        shown = prints.printed(Captured(new, b"", len(new), file, new.count(b"\n")), self._max_chars)
        text = shown.text(file)
        if lost:
            where = f"Everything printed is in {file}" if file is not None else "They could not be kept."
            return f"[{prints.counted(lost, 'byte')} before this left out. {where}]\n{text}"
        return text


def _headline(shell: Shell) -> str:
    status = shell.process.poll()
    if status is None:
        return f"{shell.id} is running, for {time.monotonic() - shell.started:,.1f}s now."
    if shell.state == "killed":
        return f"{shell.id} was stopped."
    left = " Something it started still runs." if status.left_running else ""
    return f"{shell.id} ended with exit code {verdict.exit_code(status.code)}.{left}"
