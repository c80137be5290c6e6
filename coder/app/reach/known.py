"""The tools that the servers of a session offer by now, by the names the model knows them by. Must not know the engine,
or how a server is reached.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from coder.core.messages import Json
from coder.mcp.link import Link
from coder.mcp.server import Offer, ServerTool, State

BYTES_PER_TOKEN = 3.5
USABLE: tuple[State, ...] = ("pending", "connecting", "connected")


class Known:
    """`links` are the servers there are, the first of a tool name counts; `removed` are the names among some that a
    rule takes away."""

    def __init__(self, links: Sequence[Link], removed: Callable[[Iterable[str]], Sequence[str]]) -> None:
        self._links = links
        self._removed = removed
        self._seen: tuple[Offer, ...] = ()
        self._tools: dict[str, ServerTool] = {}

    def link_of(self, server: str) -> Link | None:
        return next((link for link in self._links if link.server.name == server), None)

    def current(self, name: str) -> ServerTool | None:
        """What a tool is by now, whether its server can be reached or not; None where no server offers it, or a rule
        takes it away."""
        tool = self._all().get(name)
        return None if tool is None or self._removed((name,)) else tool

    def held(self, name: str) -> ServerTool | None:
        """A tool that a server has and that nobody has said yes to."""
        every = (tool for link in self._links for tool in link.offer.held)
        return next((tool for tool in every if tool.name == name), None)

    def usable(self) -> tuple[ServerTool, ...]:
        """What can be called, or will be, by name."""
        usable = {link.server.name for link in self._links if link.standing.state in USABLE}
        tools = [tool for tool in self._all().values() if tool.server in usable]
        removed = frozenset(self._removed([tool.name for tool in tools]))
        return tuple(sorted((tool for tool in tools if tool.name not in removed), key=lambda tool: tool.name))

    def of(self, server: str) -> tuple[ServerTool, ...]:
        """The tools of one server, by name, whether it can be reached or not."""
        tools = [tool for tool in self._all().values() if tool.server == server]
        removed = frozenset(self._removed([tool.name for tool in tools]))
        return tuple(sorted((tool for tool in tools if tool.name not in removed), key=lambda tool: tool.name))

    def _all(self) -> dict[str, ServerTool]:
        now = [link.offer for link in self._links]
        if len(now) != len(self._seen) or any(a is not b for a, b in zip(now, self._seen, strict=True)):
            self._seen = tuple(now)
            self._tools = {}
            for offer in now:
                for tool in offer.tools:
                    self._tools.setdefault(tool.name, tool)
        return self._tools


def definition(tool: ServerTool) -> Json:
    """The tool as the model is told of it."""
    return {"name": tool.name, "description": described(tool), "input_schema": tool.schema}


def described(tool: ServerTool) -> str:
    return tool.description or tool.title or tool.tool


def weight(tools: Iterable[ServerTool]) -> int:
    """The bytes that the definitions take in a request."""
    return sum(len(json.dumps(definition(tool), ensure_ascii=False).encode("utf-8", "replace")) for tool in tools)


def tokens(tools: Iterable[ServerTool]) -> int:
    """About how many tokens that is."""
    return round(weight(tools) / BYTES_PER_TOKEN)
