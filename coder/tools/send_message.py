"""SendMessage: says something more to a subagent. Must not know how an agent runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.tools import Delegates, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.agent import Asked

if TYPE_CHECKING:
    from coder.tools import agent_report
else:  # for calls
    agent_report = LazyModule("coder.tools.agent_report")


@dataclass(frozen=True, slots=True)
class SendMessageParams:
    to: Annotated[str, "The agent's id or name"]
    message: Annotated[str, "What it is told"]


class SendMessage:
    name = "SendMessage"
    params = SendMessageParams

    def __init__(self, agents: Asked | None = None) -> None:
        self._agents = agents

    def access(self, params: SendMessageParams, workspace: Workspace) -> Delegates:
        return Delegates(params.to)

    def summary(self, params: SendMessageParams) -> str:
        return params.to

    async def run(self, params: SendMessageParams, context: ToolContext) -> ToolOutput:
        if self._agents is None:
            raise ToolError("No agents can be asked here.")
        if not params.message.strip():
            raise ToolError("`message` is empty; say what the agent is to do now.")
        said = await self._agents.send(params.to.strip(), params.message, context.tool_use_id)
        if isinstance(said, str):
            return ToolOutput(said, {"success": True, "message": said}, "delivered")
        output: ToolOutput = agent_report.reported(said, params.message)
        return output
