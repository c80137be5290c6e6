"""UseTool: calls a tool of a server that is not told with every request. Must not know servers, or what a tool does.

Only a call that means no tool gets to `run`: any other is unwrapped before it is judged (agent/executor.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import field, replace
from difflib import get_close_matches
from typing import Annotated, Any

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import DISPATCH, ToolUse
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace

_SHOWN = 100  # characters of a name that is not known


@dataclass(frozen=True, slots=True)
class UseToolParams:
    name: Annotated[str, "As ToolSearch gives it, such as mcp__github__create_issue"]
    input: Annotated[dict[str, Any], "The input of that tool, by its input_schema"] = field(default_factory=dict)


class UseTool:
    """`known` says whether there is a tool of a name, `names` are those that could be meant."""

    name = DISPATCH
    params = UseToolParams

    def __init__(self, known: Callable[[str], bool], names: Callable[[], Iterable[str]]) -> None:
        self._known = known
        self._names = names

    def inner(self, call: ToolUse) -> ToolUse:
        name, given = call.input.get("name"), _object(call.input.get("input"))
        if call.error or not isinstance(name, str) or given is None or name == self.name:
            return call
        return replace(call, name=name, input=given) if self._known(name) else call

    def access(self, params: UseToolParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: UseToolParams) -> str:
        return visible_line(params.name[:_SHOWN])

    async def run(self, params: UseToolParams, context: ToolContext) -> ToolOutput:
        near = get_close_matches(params.name, list(self._names()), n=3)
        meant = f" Did you mean {', '.join(near)}?" if near else ""
        raise ToolError(
            f"There is no tool {visible_line(params.name[:_SHOWN])!r} by now.{meant} Find the one you need: ToolSearch."
        )


def _object(value: object) -> dict[str, Any] | None:
    """An object, also one that was sent as JSON text; nothing stands for an empty one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if value is None:
        return {}
    return value if isinstance(value, dict) else None
