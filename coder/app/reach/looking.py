"""Servers connected once, outside a session, to see how each one is doing. Must not know who wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coder.core.config import Config
from coder.core.messages import Json
from coder.mcp.credentials import CredentialsOf, no_credentials
from coder.mcp.link import Link
from coder.mcp.links import Links
from coder.mcp.place import START, Place
from coder.mcp.server import Offer, Server, Standing

_MARGIN = 10.0  # seconds beyond the longest start


async def look(
    servers: Sequence[Server], config: Config, credentials: CredentialsOf = no_credentials
) -> list[tuple[Server, Standing, Offer]]:
    """Begins all of them at once, waits until each one is connected or will not be, and ends them. Nothing is left."""
    place = Place(config.cwd, config.home / "cache" / "mcp", config.home / "logs" / "mcp", config.env)
    links = Links(servers, _Onlooker(config.cwd), place, None, credentials)
    links.start()
    try:
        longest = max((server.start or START for server in servers), default=0.0)
        await links.ready([server.name for server in servers], longest + _MARGIN)
        return [(link.server, link.standing, link.offer) for link in links.links]
    finally:
        await links.aclose()


class _Onlooker:
    """A session in which nothing is done: whatever a server asks is declined."""

    def __init__(self, cwd: Path) -> None:
        self._cwd = cwd

    def roots(self) -> tuple[Path, ...]:
        return (self._cwd,)

    async def sample(self, server: Server, params: Json) -> Json:
        return {"error": "nobody is there to ask the model"}

    async def elicit(self, server: Server, params: Json) -> Json:
        return {"action": "decline"}

    def logged(self, server: Server, level: str, text: str) -> None:
        pass

    def changed(self, link: Link) -> None:
        pass
