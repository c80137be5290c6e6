"""Git: one tool, whose actions are objects. Must not know what an action does."""

from __future__ import annotations

from collections.abc import Mapping

from coder.core.requests import Effect
from coder.core.tools import Access, Foresees, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.git.verb import GitParams, Verb


class GitTool:
    """`verbs` has every action there is."""

    name = "Git"
    params = GitParams

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self._verbs = verbs

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        return self._verbs[params.action].access(params, workspace)

    def summary(self, params: GitParams) -> str:
        return self._verbs[params.action].summary(params)

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        verb = self._verbs[params.action]
        return await verb.foresee(params, workspace) if isinstance(verb, Foresees) else ()

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        return await self._verbs[params.action].run(params, context)
