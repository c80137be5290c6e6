"""Git: one tool, whose actions are objects. Must not know what an action does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.core.tools import Access, Foresees, Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.git.verb import GitParams, Verb


class GitTool:
    """`verbs` gives every action there is, when the first is asked for: until then nothing of them is loaded."""

    name = "Git"
    params = GitParams

    def __init__(self, verbs: Callable[[], Mapping[str, Verb]]) -> None:
        self._make = verbs

    @cached_property
    def _verbs(self) -> Mapping[str, Verb]:
        return self._make()

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        verb = self._verbs.get(params.action)
        return verb.access(params, workspace) if verb else Internal()

    def summary(self, params: GitParams) -> str:
        verb = self._verbs.get(params.action)
        return verb.summary(params) if verb else params.action

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        verb = self._verbs.get(params.action)
        return await verb.foresee(params, workspace) if isinstance(verb, Foresees) else ()

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        verb = self._verbs.get(params.action)
        if verb is None:
            raise ToolError(f"The action {params.action} is not there; use git in Bash.")
        return await verb.run(params, context)
