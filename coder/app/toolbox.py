"""The tools of a session by name, with descriptions and parsers. Knows the registry; the engine knows only this."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from coder.core.messages import Json
from coder.core.model import ToolSpec
from coder.core.tools import Tool
from coder.tools import schema
from coder.tools.registry import spec

_ALIASES = {"Task": "Agent", "BashOutput": "TaskOutput", "KillShell": "TaskStop"}


class SessionTools:
    """`removed` are names a bare deny rule takes away: the model never sees them."""

    def __init__(self, tools: Sequence[Tool], removed: Collection[str] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools if tool.name not in removed}

    def find(self, name: str) -> Tool | None:
        return self._tools.get(name) or self._tools.get(_ALIASES.get(name, ""))

    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(spec(tool) for tool in self._tools.values())

    def parse(self, tool: Tool, raw: Json) -> Any:
        return schema.parse(tool.params, raw, tool.name)
