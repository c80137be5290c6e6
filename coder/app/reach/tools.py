"""A tool of a server as a tool of the session: its schema is the server's, a call goes to the server. Must not know
which servers there are, or who decides about a call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from coder.app.reach.known import described
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.model import ToolSpec
from coder.core.tools import Calls, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.mcp.errors import ServerError
from coder.mcp.link import Link
from coder.mcp.server import ServerTool

if TYPE_CHECKING:
    from coder.app.reach import arguments, results
    from coder.app.reach.results import Shrink
else:  # for a call
    arguments = LazyModule("coder.app.reach.arguments")
    results = LazyModule("coder.app.reach.results")

_SUMMARY, _WORD = 120, 200
_SUBJECTS = ("query", "path", "file_path", "url", "uri", "name", "title", "command", "id")


class Servers(Protocol):
    def current(self, name: str) -> ServerTool | None:
        """What the tool is by now; None where no server offers it."""
        ...

    def held(self, name: str) -> str:
        """Why it is not to be called, where nobody has said yes to it; else ""."""
        ...

    def changed(self, tool: ServerTool) -> str:
        """What is another than when the person allowed it, or ""."""
        ...

    async def reached(self, server: str) -> Link:
        """The server, connected. Raises ToolError that says why it is not there."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """What all tools of servers share."""

    servers: Servers
    shrink: Shrink
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)


class McpTool:
    """`first` is the tool as it was when the session began, which is what requests say of it."""

    params = dict

    def __init__(self, first: ServerTool, settings: Settings) -> None:
        self.name = first.name
        self._first = first
        self._settings = settings

    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, described(self._first), self._first.schema)

    @property
    def _now(self) -> ServerTool:
        return self._settings.servers.current(self.name) or self._first

    def parse(self, raw: Json) -> Json:
        if why := self._settings.servers.held(self.name):
            raise ToolError(why)
        return arguments.checked(self._now.schema, raw, self.name)

    def access(self, params: Json, workspace: Workspace) -> Calls:
        now = self._now
        return Calls(now.server, now.tool, claim_of(now), self._settings.servers.changed(now))

    def summary(self, params: Json) -> str:
        values = [params[key] for key in _SUBJECTS if isinstance(params.get(key), str)]
        values += [value for value in params.values() if isinstance(value, str)]
        return visible_line(values[0][:_SUMMARY]) if values else ""

    async def run(self, params: Json, context: ToolContext) -> ToolOutput:
        now = self._now
        link = await self._settings.servers.reached(now.server)
        try:
            answer = await link.call(now.tool, params, _told(context.progress))
        except ServerError as error:
            raise ToolError(str(error)) from error
        return await asyncio.to_thread(
            results.output_of,
            answer,
            context.spill_dir,
            context.tool_use_id,
            now.limit,
            self._settings.env,
            self._settings.shrink,
        )


def claim_of(tool: ServerTool) -> str:
    """What the server says of the tool, as words after "that it"."""
    hints = tool.hints
    if hints.get("readOnlyHint"):
        return "only reads"
    if hints.get("destructiveHint"):
        return "may destroy something"
    return ""


def _told(progress: Callable[[str], None]) -> Callable[[float, float | None, str], None]:
    last = ""

    def tell(done: float, total: float | None, word: str) -> None:
        nonlocal last
        count = f"{done:g}" if total is None else f"{done:g}/{total:g}"
        said = f"{count} {visible_line(word[:_WORD])}".strip()
        if said != last:
            last = said
            progress(said)

    return tell
