"""Servers in memory, as a session sees them: what they offer and how they are doing is set by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.link import Host, Progress
from coder.mcp.server import Answer, Offer, Server, ServerTool, Standing, State, Stdio


def server(name: str, **more: Any) -> Server:
    return Server(name, Stdio("none"), "user", "test", f"digest-{name}", **more)


def offered(server: str, tool: str, about: str = "Does something.", **properties: Json) -> ServerTool:
    schema: Json = {"type": "object", "properties": properties, "required": list(properties)[:1]}
    return ServerTool(server, tool, about, schema)


class MemoryLink:
    """`plan` is what its server offers once it is connected; `answer` makes the answer of a call."""

    def __init__(self, server: Server, plan: Offer, cached: Offer | None = None) -> None:
        self.server = server
        self.standing = Standing("pending")
        self.offer = replace(cached or Offer(), cached=True)
        self.plan = plan
        self.host: Host | None = None
        self.calls: list[tuple[str, Json]] = []
        self.reconnected = 0
        self.answer: Callable[[str, Json], Answer] = lambda tool, given: Answer(
            ({"type": "text", "text": f"{tool} was called with {given}"},)
        )
        self.holds: dict[str, Sequence[Json]] = {}  # what can be read, by its address
        self.messages: Sequence[Json] = ()  # of every prompt
        self.prompted: list[tuple[str, Json]] = []
        self.says: tuple[tuple[float, float | None, str], ...] = ()
        self._known = asyncio.Event()

    def becomes(self, state: State, reason: str = "", offer: Offer | None = None) -> None:
        self.standing = Standing(state, reason)
        if state == "connected":
            self.offer = offer or self.plan
        if state not in ("pending", "connecting"):
            self._known.set()
        if self.host is not None:
            self.host.changed(self)

    async def ready(self) -> bool:
        await self._known.wait()
        return self.standing.state == "connected"

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
        if self.standing.state != "connected":
            raise ServerError(f"MCP server {self.server.name} is not there.")
        self.calls.append((tool, arguments))
        for each in self.says:
            progress(*each)
        return self.answer(tool, arguments)

    async def read(self, uri: str) -> Sequence[Json]:
        if uri not in self.holds:
            raise ServerError(f"there is no {uri}")
        return self.holds[uri]

    async def prompt(self, prompt: str, arguments: Mapping[str, str]) -> Sequence[Json]:
        self.prompted.append((prompt, dict(arguments)))
        return self.messages

    async def reconnect(self) -> None:
        self.reconnected += 1
        self.becomes("connected")


class MemoryLinks:
    """Begins its links when the session says so: each becomes what `on_start` makes of it, connected by default."""

    def __init__(
        self, *links: MemoryLink, on_start: Callable[[MemoryLink], None] = lambda link: link.becomes("connected")
    ) -> None:
        self.every = self.links = links
        self.started = 0
        self.closed = 0
        self.on_start = on_start
        self.host: Host | None = None

    def __call__(self, servers: Sequence[Server], host: Host) -> MemoryLinks:
        names = {each.name for each in servers}
        self.links = tuple(link for link in self.every if link.server.name in names)
        self.host = host
        for link in self.links:
            link.host = host
        return self

    def start(self) -> None:
        self.started += 1
        for link in self.links:
            self.on_start(link)

    async def drop(self, name: str) -> None:
        self.links = tuple(link for link in self.links if link.server.name != name)

    async def aclose(self) -> None:
        self.closed += 1
