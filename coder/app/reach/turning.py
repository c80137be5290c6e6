"""A server that can be turned off for the rest of a session, and on again. It stays connected: nobody is let through.
Must not know why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.link import Link, Progress
from coder.mcp.server import Answer, Offer, Server, Standing

_OFF = Standing("disabled", "it is turned off in this session")


class Turning:
    """Implements `coder.mcp.link.Link`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.is_off = False

    @property
    def server(self) -> Server:
        return self._link.server

    @property
    def standing(self) -> Standing:
        return _OFF if self.is_off else self._link.standing

    @property
    def offer(self) -> Offer:
        return self._link.offer

    async def ready(self) -> bool:
        return not self.is_off and await self._link.ready()

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
        return await self._there().call(tool, arguments, progress)

    async def read(self, uri: str) -> Sequence[Json]:
        return await self._there().read(uri)

    async def prompt(self, prompt: str, arguments: Mapping[str, str]) -> Sequence[Json]:
        return await self._there().prompt(prompt, arguments)

    async def reconnect(self) -> None:
        await self._link.reconnect()

    def _there(self) -> Link:
        if self.is_off:
            raise ServerError(f"The MCP server {self.server.name} is turned off in this session.")
        return self._link
