"""The tools of a session by name, with descriptions and parsers. Knows the registry; the engine knows only this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from coder.core.messages import Json, ToolUse
from coder.core.model import ToolSpec
from coder.core.tools import Described, Dispatches, Tool
from coder.tools import schema
from coder.tools.registry import spec

_ALIASES = {"Task": "Agent", "BashOutput": "TaskOutput", "KillShell": "TaskStop"}


class SessionTools:
    """`removed` are names a bare deny rule takes away: the model never sees them. `further` finds what can be called
    without being told with every request."""

    def __init__(
        self,
        tools: Sequence[Tool],
        removed: Collection[str] = (),
        further: Callable[[str], Tool | None] | None = None,
    ) -> None:
        self._removed = frozenset(removed)
        self._tools: dict[str, Tool] = {}
        self._further = further
        self.hold(tools)

    def hold(self, tools: Sequence[Tool]) -> None:
        """These are the tools that requests say of, from the first request on."""
        self._tools = {tool.name: tool for tool in tools if tool.name not in self._removed}

    def find(self, name: str) -> Tool | None:
        found = self._tools.get(name) or self._tools.get(_ALIASES.get(name, ""))
        return self._further(name) if found is None and self._further is not None else found

    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(map(spec, self._tools.values()))

    def parse(self, tool: Tool, raw: Json) -> Any:
        if isinstance(tool, Described):
            return tool.parse(raw)
        return schema.parse(tool.params, raw, tool.name)

    def unwrapped(self, call: ToolUse) -> ToolUse:
        tool = self._tools.get(call.name)
        return tool.inner(call) if isinstance(tool, Dispatches) else call
