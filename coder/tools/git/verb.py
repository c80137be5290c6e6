"""What one action of the Git tool is. Must not know which actions there are."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools.form import Bounds

Action: TypeAlias = Literal[
    "status",
    "diff",
    "log",
    "show",
    "blame",
    "branches",
    "stashes",
    "worktrees",
    "add",
    "unstage",
    "commit",
    "switch",
    "stash",
    "unstash",
    "worktree",
]


@dataclass(frozen=True, slots=True)
class GitParams:
    action: Annotated[Action, "What to do"]
    paths: Annotated[tuple[str, ...], "Only these files or folders"] = ()
    rev: Annotated[
        str | None, "Commit, branch, tag, range; switch, unstash: what to go to, take back; worktree: name"
    ] = None
    base: Annotated[
        str | None, "diff: against where this branch left that one; switch, worktree: new ones start there"
    ] = None
    staged: Annotated[bool, "diff: what the next commit holds"] = False
    lines: Annotated[str | None, 'blame: which lines, such as "40-60"'] = None
    grep: Annotated[str | None, "log: commits whose message or change has this text"] = None
    limit: Annotated[int | None, "Most commits, branches or files", Bounds(1)] = None
    message: Annotated[str | None, "commit, stash: the message"] = None
    create: Annotated[bool, "switch: make the branch"] = False
    amend: Annotated[bool, "commit: replace the last commit"] = False


class Verb(Protocol):
    """One action. `access` is pure and never raises for params that were checked; `run` raises ToolError."""

    def access(self, params: GitParams, workspace: Workspace) -> Access: ...

    def summary(self, params: GitParams) -> str: ...

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput: ...
