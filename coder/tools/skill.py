"""Skill: has the model follow a text that was written for one kind of task. Must not know where such texts lie."""

from __future__ import annotations

from typing import Annotated, Protocol

from coder.core.dataclass import dataclass
from coder.core.tools import Follows, ToolContext, ToolOutput
from coder.core.workspace import Workspace


class Skills(Protocol):
    def gains(self, name: str) -> str:
        """What could be done without a question once it is used; "" when nothing, or there is none of that name."""
        ...

    async def use(self, name: str, arguments: str) -> str:
        """Has its text told to the model behind the calls of this turn, and says so. Raises ToolError; also for a name
        that is another spelling of one there is, since rules go by the name of the call."""
        ...


@dataclass(frozen=True, slots=True)
class SkillParams:
    skill: Annotated[str, "The name, as listed"]
    args: Annotated[str | None, "What it is to be done with, as a person would type it"] = None


class Skill:
    name = "Skill"
    params = SkillParams

    def __init__(self, skills: Skills) -> None:
        self._skills = skills

    def access(self, params: SkillParams, workspace: Workspace) -> Follows:
        return Follows(params.skill, self._skills.gains(params.skill))

    def summary(self, params: SkillParams) -> str:
        return f"{params.skill} {params.args or ''}".strip()

    async def run(self, params: SkillParams, context: ToolContext) -> ToolOutput:
        told = await self._skills.use(params.skill, (params.args or "").strip())
        return ToolOutput(told, {"success": True, "commandName": params.skill}, "loaded")
