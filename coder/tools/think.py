"""Think: a place to reason in writing, for models that cannot do so by themselves. Touches nothing, knows nobody."""

from __future__ import annotations

from typing import Annotated

from coder.core.dataclass import dataclass
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace

_NOTED = "Noted."  # always the same: there is nothing to learn from it


@dataclass(frozen=True, slots=True)
class ThinkParams:
    thought: Annotated[str, "What you think"]


class Think:
    name = "Think"
    params = ThinkParams

    def access(self, params: ThinkParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: ThinkParams) -> str:
        return "thinking"

    async def run(self, params: ThinkParams, context: ToolContext) -> ToolOutput:
        return ToolOutput(_NOTED, None, "")
