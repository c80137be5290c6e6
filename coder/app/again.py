"""How the output of a call could be had again: what of the past may be cleared. Knows the registry and the policy; must
not know when anything is cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.agent.room import Renewal
from coder.app.toolbox import SessionTools
from coder.core.errors import ToolError
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Access, Calls, Fetches, Reads, Runs
from coder.core.workspace import Workspace

if TYPE_CHECKING:
    # Judging loads at the first tool call (docs/adr/0002).
    from coder.permissions.decide import Decision


class Again:
    """What only reads gives its output again. What a command or a server said once is kept in a file. The rest stays:
    answers of the person, plans, changes of files. Each call is judged once."""

    def __init__(
        self, tools: SessionTools, judge: Callable[[ToolUse, Access, Allow], Decision], workspace: Workspace
    ) -> None:
        self._tools = tools
        self._judge = judge
        self._workspace = workspace
        self._known: dict[str, Renewal] = {}

    def __call__(self, call: ToolUse) -> Renewal:
        if call.id not in self._known:
            self._known[call.id] = self._renewal(call)
        return self._known[call.id]

    def _renewal(self, call: ToolUse) -> Renewal:
        call = self._tools.unwrapped(call)
        tool = self._tools.find(call.name)
        if tool is None or call.error:
            return "never"
        try:
            access = tool.access(self._tools.parse(tool, call.input), self._workspace)
        except ToolError:
            return "never"
        match access:
            case Reads():
                return "again"
            case Runs():
                reads = not call.input.get("run_in_background") and self._judge(call, access, Allow()).read_only
                return "again" if reads else "file"
            case Fetches() | Calls():
                return "file"
            case _:
                return "never"
