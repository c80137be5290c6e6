"""TaskStop: ends a background command. Must not touch any other process."""

from __future__ import annotations

from typing import Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.shells import Shells
from coder.tools.task_output import AgentTasks
from coder.tools.verdict import exit_code


@dataclass(frozen=True, slots=True)
class TaskStopParams:
    task_id: Annotated[str | None, "The id Bash returned, such as b1, or an agent's"] = None
    shell_id: Annotated[str | None, "Older name of task_id"] = None


class TaskStop:
    name = "TaskStop"
    params = TaskStopParams

    def __init__(self, shells: Shells, agents: AgentTasks | None = None) -> None:
        self._shells = shells
        self._agents = agents

    def access(self, params: TaskStopParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: TaskStopParams) -> str:
        return params.task_id or params.shell_id or ""

    async def run(self, params: TaskStopParams, context: ToolContext) -> ToolOutput:
        task_id = params.task_id or params.shell_id
        if not task_id:
            raise ToolError('`task_id` is missing. Pass the id Bash returned, such as {"task_id": "b1"}.')
        if self._agents is not None and self._agents.holds(task_id):
            await self._agents.stop(task_id)
            said = f"Agent {task_id} is stopped."
            return ToolOutput(said, {"message": said, "task_id": task_id, "task_type": "local_agent"}, "stopped")
        shell = self._shells.find(task_id)
        ended = shell.process.poll()
        await shell.stop()
        if ended is not None:
            message = f"{shell.id} had already ended, with exit code {exit_code(ended.code)}."
        else:
            message = f"Stopped {shell.id} and all it had started: {shell.command}"
        status = shell.process.poll()
        if status is None or status.left_running:
            message += " Something it started could not be killed and still runs."
        data = {"message": message, "task_id": shell.id, "task_type": "local_bash", "command": shell.command}
        return ToolOutput(f"{message}\nWhat it printed is in {shell.output}", data, "stopped")
