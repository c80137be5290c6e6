"""The tools of a session by name, with descriptions and parsers. Knows the registry; the engine knows only this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coder.core.messages import Json, ToolUse
from coder.core.model import ToolSpec
from coder.core.tools import Described, Dispatches, Tool
from coder.core.visible import visible_line
from coder.permissions.names import names
from coder.tools import schema
from coder.tools.registry import spec

_ALIASES = {"Task": "Agent", "BashOutput": "TaskOutput", "KillShell": "TaskStop"}


_BUILT_IN = names(
    "Read Edit Write NotebookEdit Glob Grep Bash TaskOutput TaskStop TodoWrite AskUserQuestion EnterPlanMode "
    "ExitPlanMode WebFetch "
    # These need a repository, skills, servers, a provider that searches, or a model that does not think.
    "Git Skill Think WebSearch Agent SendMessage Workflow ToolSearch UseTool ListMcpResourcesTool ReadMcpResourceTool"
)


def chosen(tools: Sequence[Tool], wanted: Collection[str] | None) -> list[Tool]:
    """Those that are named, by whatever name; None: all."""
    if wanted is None:
        return list(tools)
    theirs = {_ALIASES.get(name, name) for name in wanted}
    return [tool for tool in tools if tool.name in theirs]


def unknown(wanted: Collection[str]) -> tuple[str, ...]:
    """What to say of names that choose nothing."""
    found = [name for name in wanted if _ALIASES.get(name, name) not in _BUILT_IN]
    theirs = [name for name in found if name.startswith("mcp__")]
    others = [visible_line(name) for name in found if name not in theirs]
    said = [f"--tools: there is no tool {', '.join(others)}."] if others else []
    return (*said, *(["--tools chooses built-in tools only: those of servers are always there."] if theirs else []))


class SessionTools:
    """`removed` are names a bare deny rule takes away: the model never sees them. `further` finds what can be called
    without being told with every request. `aliases` are names that mean another tool, whether there is one of that name
    or not: what is judged, run and told is the other one."""

    def __init__(
        self,
        tools: Sequence[Tool],
        removed: Collection[str] = (),
        further: Callable[[str], Tool | None] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self._removed = frozenset(removed)
        self._tools: dict[str, Tool] = {}
        self._further = further
        self._aliases = aliases or {}
        self.hold(tools)

    def hold(self, tools: Sequence[Tool], removed: Collection[str] = ()) -> None:
        """These are the tools that requests say of, from the next run on, without those that are `removed`, too."""
        self._removed |= frozenset(removed)
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
        inner = tool.inner(call) if isinstance(tool, Dispatches) else call
        meant = self._aliases.get(inner.name)  # one step, so that aliases cannot go in circles
        return inner if meant is None else replace(inner, name=meant)
