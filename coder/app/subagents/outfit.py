"""The tools of one agent: those of the session that it may have, and those of the servers that it brings. Must not know
what a call does, or how an agent is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from coder.app.subagents.choice import Choice
from coder.app.subagents.relay import SUBMIT
from coder.app.toolbox import SessionTools
from coder.core.tools import Tool

if TYPE_CHECKING:
    from coder.app.subagents.bringing import Brought
    from coder.app.subagents.cast import Cast
    from coder.app.subagents.footing import Footing

NEVER = frozenset({"AskUserQuestion", "EnterPlanMode", "TaskOutput", "Workflow", "WaitForMcpServers", SUBMIT})


class Outfit:
    """`every` are the session's, made for the agent; `more` are its own. `box` is what the engine is given."""

    def __init__(
        self,
        footing: Footing,
        cast: Cast,
        every: Sequence[Tool],
        more: Sequence[Tool],
        brought: Brought | None,
        *,
        plans: bool,
    ) -> None:
        wanted = set(cast.tools) - NEVER - (set() if plans else {"ExitPlanMode"})
        self._own = (*(tool for tool in every if tool.name in wanted), *more)
        self._brought = brought
        self._choice: Choice = cast.choice
        # Of the session's servers one with UseTool may call what is not told with every request.
        self._find: Callable[[str], Tool | None] | None = footing.find if "UseTool" in wanted else None
        self.box = SessionTools(self._every(), further=self._further, aliases=footing.outset.config.tool_aliases)

    def renew(self) -> None:
        """Once the servers are there."""
        self.box.hold(self._every())

    def _every(self) -> Sequence[Tool]:
        return self._own if self._brought is None else self._brought.joined(self._own)

    def _further(self, name: str) -> Tool | None:
        if self._brought is not None and (found := self._brought.find(name)) is not None:
            return found
        return self._find(name) if self._find is not None and self._choice.allows(name) else None
