"""A tool of an MCP server that is asked about calls in the place of a person (`--permission-prompt-tool`). Must not
know the protocol, or who named it.

A server is no person: its yes is for this one call, and none to what cannot be undone, or to what only a person
decides.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from coder.agent.gate import Ask
from coder.app.permit_answers import permission_said
from coder.app.reach.session import Reach
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.requests import Deny, PermissionRequest, Reply, Request
from coder.core.visible import visible_line

_PERSONS = ("ExitPlanMode",)
_MOST_NAMED = 30


class PromptTool:
    """`otherwise` answers what is no question about a call."""

    def __init__(self, name: str, reach: Callable[[], Reach | None], otherwise: Ask) -> None:
        self._name, self._of, self._otherwise = name, reach, otherwise

    @property
    def _reach(self) -> Reach | None:
        return self._of()

    async def __call__(self, request: Request) -> Reply:
        if not isinstance(request, PermissionRequest):
            return await self._otherwise(request)
        if request.confirm or request.call.name in _PERSONS:
            return Deny("only a person may allow it", nobody=True)
        call = request.call
        given: Json = {"tool_name": call.name, "input": call.input, "tool_use_id": call.id}
        tool = await self._reach.named(self._name) if self._reach is not None else None
        if tool is None or self._reach is None:
            return Deny("", ends=self._missing())
        try:
            text = await self._reach.call(tool.server, tool.tool, given)
        except ToolError as error:
            return Deny(f"the tool that decides failed: {visible_line(str(error))}")
        said = permission_said(await asyncio.to_thread(_parsed, text), call.input)
        return said.reply

    def _missing(self) -> str:
        names = self._reach.names if self._reach is not None else ()
        there = ", ".join(map(visible_line, names[:_MOST_NAMED])) or "none"
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        name = visible_line(self._name)
        return f"--permission-prompt-tool: there is no MCP tool {name}. The MCP tools are: {there}{more}."


def _parsed(text: str) -> Json:
    """{} for what is no JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
