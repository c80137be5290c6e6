"""EnterPlanMode and ExitPlanMode: think first, change after the person agreed. Must not know who is asked, or how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json, Message, Meta, Text
from coder.core.tools import Decides, Internal, Mode, ToolContext, ToolOutput
from coder.core.workspace import Workspace

_ON = """Plan mode is on. Read and search as you like; edits and commands that change something are denied.
When you know the approach, give it to the person with ExitPlanMode."""


class Planning:
    """The mode a session goes back to when its plan is approved: the one in which the model began to plan.
    `instructions` say how to plan, where whoever drives the session has words of its own for it."""

    def __init__(self, instructions: str = "") -> None:
        self.before: Mode = "default"
        self._instructions = instructions
        self._is_told = False

    def turned_on(self) -> str:
        """What the model is told when it turns plan mode on."""
        self._is_told = True
        return prompts.load("reminders/plan_mode", instructions=self._instructions) if self._instructions else _ON

    def due(self, mode: Mode) -> str:
        """What the model has to be told of plan mode before the next prompt; "" where it knows, or it is not on."""
        if mode != "plan" or not self._instructions:
            self._is_told = False
            return ""
        return "" if self._is_told else self.turned_on()

    def renewed(self, mode: Mode, contexts: Sequence[Message]) -> Sequence[Message]:
        """The first messages of a shortened conversation: the instructions stand in them while plan mode is on, for
        where they stood before may be gone."""
        if not self._instructions:
            return contexts
        told = Text(prompts.load("reminders/plan_mode", instructions=self._instructions))
        made = [replace(each, content=tuple(block for block in each.content if block != told)) for each in contexts]
        if mode == "plan" and self._is_told:
            last = made.pop() if made else Message("user", (), Meta(kind="context"))
            made.append(replace(last, content=(*last.content, told)))
        return [message for message in made if message.content]


@dataclass(frozen=True, slots=True)
class EnterPlanModeParams:
    pass


@dataclass(frozen=True, slots=True)
class ExitPlanModeParams:
    plan: Annotated[str, "The whole plan in Markdown, as the person should read it"]


class EnterPlanMode:
    name = "EnterPlanMode"
    params = EnterPlanModeParams

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def access(self, params: EnterPlanModeParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: EnterPlanModeParams) -> str:
        return "plan before changing anything"

    async def run(self, params: EnterPlanModeParams, context: ToolContext) -> ToolOutput:
        if context.control.mode != "plan":
            self._planning.before = context.control.mode
            context.control.set_mode("plan")
        said = self._planning.turned_on()
        return ToolOutput(said, {"message": said}, "plan mode")


class ExitPlanMode:
    """Runs only after the person approved: its access makes every gate ask."""

    name = "ExitPlanMode"
    params = ExitPlanModeParams

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    def access(self, params: ExitPlanModeParams, workspace: Workspace) -> Decides:
        return Decides()

    def summary(self, params: ExitPlanModeParams) -> str:
        return next((line.lstrip("# ") for line in params.plan.splitlines() if line.strip("# ")), "the plan")

    async def run(self, params: ExitPlanModeParams, context: ToolContext) -> ToolOutput:
        if not params.plan.strip():
            raise ToolError("`plan` is empty; expected the whole plan in Markdown.")
        if context.control.mode == "plan":
            context.control.set_mode(self._planning.before)
        self._planning.before = "default"
        data: Json = {"plan": params.plan, "isAgent": False}
        return ToolOutput("The plan is approved: go ahead.", data, "approved")
