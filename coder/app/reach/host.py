"""The session as its servers see it: the folders it works in, who answers what they ask, and who hears of a change.
Must not know the engine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.mcp.server import Server

_log = logging.getLogger(__name__)
_LEVELS = {
    "debug": logging.DEBUG,
    "warning": logging.WARNING,
    **dict.fromkeys(("error", "critical", "alert", "emergency"), logging.ERROR),
}
_LONGEST, _LINE = 2_000, 300


class Answering(Protocol):
    """In the protocol's own JSON. None of it raises."""

    async def sample(self, server: Server, params: Json) -> Json: ...

    async def elicit(self, server: Server, params: Json) -> Json: ...


class Nobody:
    """Where there is no session: nothing is answered."""

    async def sample(self, server: Server, params: Json) -> Json:
        return {"error": "Nobody is there who could let a server ask the model."}

    async def elicit(self, server: Server, params: Json) -> Json:
        return {"action": "decline"}


class SessionHost:
    """`roots` are the working folders as they are by now; `on_change` hears of each change of a server; `say` of the
    first trouble that each server tells of itself."""

    def __init__(
        self,
        roots: Callable[[], tuple[Path, ...]],
        on_change: Callable[[Link], None],
        answering: Answering | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._roots = roots
        self._on_change = on_change
        self._answering = answering or Nobody()
        self._say = say
        self._troubled: set[str] = set()

    def roots(self) -> tuple[Path, ...]:
        return self._roots()

    async def sample(self, server: Server, params: Json) -> Json:
        return await self._answering.sample(server, params)

    async def elicit(self, server: Server, params: Json) -> Json:
        return await self._answering.elicit(server, params)

    def logged(self, server: Server, level: str, text: str) -> None:
        """All of it goes to the debug log alone: a server may say much, and anything."""
        number, said = _LEVELS.get(level, logging.INFO), visible_line(text[:_LONGEST])
        _log.log(number, "%s: %s", server.name, said)
        if number >= logging.WARNING and server.name not in self._troubled and said:
            self._troubled.add(server.name)
            kind = "an error" if number >= logging.ERROR else "a warning"
            self._say(f"MCP server {visible_line(server.name)} tells of {kind}: {said[:_LINE]}")

    def changed(self, link: Link) -> None:
        self._on_change(link)
