"""Agent: has a subagent do a piece of work, and gives back its report. Must not know how an agent runs, or which kinds
there are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from coder.core.agents import Brief, Report
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.model import ToolSpec
from coder.core.prompts import load
from coder.core.tools import Delegates, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools import schema

if TYPE_CHECKING:
    from coder.tools import agent_report
else:  # for calls
    agent_report = LazyModule("coder.tools.agent_report")

GENERAL = "general-purpose"


@dataclass(frozen=True, slots=True)
class Launched:
    """An agent that works in the background. `output` is its transcript, None where none is kept."""

    id: str
    title: str
    model: str = ""
    output: Path | None = None


class Asked(Protocol):
    """Whoever has agents run. All of it raises ToolError."""

    async def delegate(self, brief: Brief) -> Report | Launched:
        """To its end, or begun in the background."""
        ...

    async def send(self, to: str, message: str, call: str) -> Report | str:
        """Says something to an agent by its id or name: what it reports then, or a word when it runs and reads it
        later."""
        ...


@dataclass(frozen=True, slots=True)
class AgentParams:
    description: Annotated[str, "Three to five words for people"]
    prompt: Annotated[str, "All it is told"]
    subagent_type: Annotated[str | None, "general-purpose when left out"] = None
    model: Annotated[str | None, "sonnet, opus, haiku or an id; best left out"] = None
    run_in_background: Annotated[bool | None, "Go on; its report comes later as a message"] = None
    name: Annotated[str | None, "What to call it by, besides its id"] = None
    isolation: Annotated[Literal["worktree"] | None, "A work tree of its own"] = None


class Agent:
    """`kinds` tells which there are, a line each, the same all session long."""

    name = "Agent"
    params = AgentParams

    def __init__(self, agents: Asked | None = None, kinds: Callable[[], str] = str) -> None:
        self._agents = agents
        self._kinds = kinds

    def spec(self) -> ToolSpec:
        kinds = self._kinds() or f"- {GENERAL}: all tools, for any task"
        return ToolSpec(self.name, load("tools/Agent", kinds=kinds), schema.schema(AgentParams))

    def parse(self, raw: Json) -> Any:
        known = {key: value for key, value in raw.items() if key not in ("mode", "team_name")}  # of older clients
        return schema.parse(AgentParams, known, self.name)

    def access(self, params: AgentParams, workspace: Workspace) -> Delegates:
        return Delegates(params.subagent_type or GENERAL)

    def summary(self, params: AgentParams) -> str:
        return " ".join(filter(None, (params.subagent_type, params.description)))

    async def run(self, params: AgentParams, context: ToolContext) -> ToolOutput:
        if self._agents is None:
            raise ToolError("No agents can be asked here. Do it yourself.")
        if not params.prompt.strip():
            raise ToolError("`prompt` is empty; say what the agent is to find out or to do.")
        brief = Brief(
            prompt=params.prompt,
            title=params.description.strip(),
            kind=params.subagent_type or "",
            model=params.model or "",
            background=params.run_in_background,
            isolation=params.isolation or "",
            name=(params.name or "").strip(),
            call=context.tool_use_id,
        )
        told = await self._agents.delegate(brief)
        output: ToolOutput
        if isinstance(told, Launched):
            output = agent_report.launched(told, brief.prompt)
        else:
            output = agent_report.reported(told, brief.prompt)
        return output
