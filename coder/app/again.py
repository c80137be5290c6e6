"""Whether a call would give its output again and change nothing: what of the past may be cleared. Knows the registry
and the policy; must not know when anything is cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.app.toolbox import SessionTools
from coder.core.errors import ToolError
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Access, Reads, Runs
from coder.core.workspace import Workspace

if TYPE_CHECKING:
    # Judging loads at the first tool call (docs/adr/0002).
    from coder.permissions.decide import Decision


class Reproducible:
    """Reading tools, and commands that only read. Each call is judged once."""

    def __init__(
        self, tools: SessionTools, judge: Callable[[ToolUse, Access, Allow], Decision], workspace: Workspace
    ) -> None:
        self._tools = tools
        self._judge = judge
        self._workspace = workspace
        self._known: dict[str, bool] = {}

    def __call__(self, call: ToolUse) -> bool:
        if call.id not in self._known:
            self._known[call.id] = self._is(call)
        return self._known[call.id]

    def _is(self, call: ToolUse) -> bool:
        tool = self._tools.find(call.name)
        if tool is None or call.error:
            return False
        try:
            access = tool.access(self._tools.parse(tool, call.input), self._workspace)
        except ToolError:
            return False
        if isinstance(access, Reads):
            return True
        if not isinstance(access, Runs) or call.input.get("run_in_background"):
            return False
        return self._judge(call, access, Allow()).read_only
