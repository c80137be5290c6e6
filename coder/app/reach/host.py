"""The session as its servers see it: the folders it works in, and who hears of a change. What a server asks of the
person or of the model is declined for now. Must not know the engine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.mcp.server import Server

_log = logging.getLogger(__name__)
_LEVELS = {"debug": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR}
_LONGEST = 2_000


class SessionHost:
    """`roots` are the working folders as they are by now; `on_change` hears of each change of a server."""

    def __init__(self, roots: Callable[[], tuple[Path, ...]], on_change: Callable[[Link], None]) -> None:
        self._roots = roots
        self._on_change = on_change

    def roots(self) -> tuple[Path, ...]:
        return self._roots()

    async def sample(self, server: Server, params: Json) -> Json:
        return {"error": "this session lets no server ask the model"}

    async def elicit(self, server: Server, params: Json) -> Json:
        return {"action": "decline"}

    def logged(self, server: Server, level: str, text: str) -> None:
        # For the debug log alone: a server may say much, and anything.
        _log.log(_LEVELS.get(level, logging.INFO), "%s: %s", server.name, visible_line(text[:_LONGEST]))

    def changed(self, link: Link) -> None:
        self._on_change(link)
