"""ListMcpResourcesTool and ReadMcpResourceTool: what servers offer to be read. Must not know how they are reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Protocol

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import READS_RESOURCES, Calls, Internal, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace

_MOST_BYTES = 30_000  # of a list: about 10,000 tokens
_LONGEST_URI = 2_000
_LONGEST = {"name": 200, "description": 400, "mimeType": 100}
_MOST_SERVERS = 20
_REASON = 200


@dataclass(frozen=True, slots=True)
class Offered:
    """A resource as its server describes it: foreign text. `uri` has placeholders in braces where `is_template`."""

    server: str
    uri: str
    name: str = ""
    description: str = ""
    mime: str = ""
    is_template: bool = False


class Resources(Protocol):
    """The port to what the servers of a session offer."""

    def offered(self) -> Sequence[Offered]: ...

    def servers(self) -> Sequence[str]:
        """The names of all that are connected."""
        ...

    def missing(self) -> Sequence[tuple[str, str]]:
        """Configured servers that are not connected, each with the reason in one line."""
        ...

    async def settle(self) -> None:
        """Waits for servers that are still connecting: bounded, and never raises."""
        ...

    async def read(self, server: str, uri: str, context: ToolContext) -> ToolOutput:
        """What a connected server answers, like any result of it: bounded, what is not text in files of `spill_dir`.
        Raises ToolError."""
        ...


@dataclass(frozen=True, slots=True)
class ListMcpResourcesParams:
    server: Annotated[str | None, "Only those of this server"] = None


class ListMcpResources:
    name = "ListMcpResourcesTool"
    params = ListMcpResourcesParams

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def access(self, params: ListMcpResourcesParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: ListMcpResourcesParams) -> str:
        return params.server or ""

    async def run(self, params: ListMcpResourcesParams, context: ToolContext) -> ToolOutput:
        await self._resources.settle()
        if params.server is not None:
            _check(self._resources, params.server)
        wanted = [each for each in self._resources.offered() if params.server in (None, each.server)]
        rows = [_row(each) for each in wanted]
        lines = _fitting(rows)
        text = list(lines)
        if len(lines) < len(rows):
            left_out = len(rows) - len(lines)
            text.append(f"[{left_out} of {len(rows)} resources are left out: name a `server` to see fewer.]")
        if not rows:
            text.append("No resources are offered.")
        if params.server is None and (gone := _gone(self._resources)):
            text.append(f"Not asked: {gone}.")
        count = len(rows)
        return ToolOutput("\n".join(text), {"resources": rows}, f"{count} resource{'' if count == 1 else 's'}")


@dataclass(frozen=True, slots=True)
class ReadMcpResourceParams:
    server: Annotated[str, "The server's name, as listed"]
    uri: Annotated[str, "The resource's address, as listed; placeholders filled in"]


class ReadMcpResource:
    name = "ReadMcpResourceTool"
    params = ReadMcpResourceParams

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def access(self, params: ReadMcpResourceParams, workspace: Workspace) -> Calls:
        return Calls(params.server, READS_RESOURCES)

    def summary(self, params: ReadMcpResourceParams) -> str:
        return f"{params.server} {params.uri}"

    async def run(self, params: ReadMcpResourceParams, context: ToolContext) -> ToolOutput:
        if params.server not in self._resources.servers():
            await self._resources.settle()
        _check(self._resources, params.server)
        return await self._resources.read(params.server, params.uri, context)


def _check(resources: Resources, server: str) -> None:
    """Raises ToolError for a server that cannot be asked, with the reason and those that can."""
    there = list(resources.servers())
    if server in there:
        return
    reasons = dict(resources.missing())
    shown = visible_line(server[:_REASON])
    why = "there is none so called"
    if server in reasons:
        why = f"it cannot be asked: {visible_line(reasons[server])[:_REASON]}"
    names = ", ".join(visible_line(name) for name in there[:_MOST_SERVERS]) or "none"
    raise ToolError(f"`server` is {shown}, and {why}. Servers that can be asked: {names}.")


def _gone(resources: Resources) -> str:
    missing = resources.missing()[:_MOST_SERVERS]
    return "; ".join(f"{visible_line(name)}: {visible_line(reason)[:_REASON]}" for name, reason in missing)


def _row(each: Offered) -> Json:
    uri = "uriTemplate" if each.is_template else "uri"
    row = {"server": each.server, uri: each.uri, "name": each.name, "mimeType": each.mime}
    row["description"] = each.description
    return {key: value[: _LONGEST.get(key, _LONGEST_URI)] for key, value in row.items() if value}


def _fitting(rows: Sequence[Json]) -> list[str]:
    lines: list[str] = []
    left = _MOST_BYTES
    for row in rows:
        line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
        left -= len(line.encode()) + 1
        if left < 0:
            break
        lines.append(line)
    return lines
