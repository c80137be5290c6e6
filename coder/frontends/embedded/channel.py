"""The program's tools as a server inside it: the few messages of the protocol that a server of tools answers. Must not
know the protocol library, or what a tool does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from coder import __version__
from coder.core.messages import Json
from coder.frontends.embedded.functions import Tool
from coder.mcp.server import Hosted, Server, tool_name

NAME = "program"
_UNKNOWN_METHOD, _BAD_PARAMS = -32601, -32602


class Functions:
    """Implements `coder.mcp.link.Channel`."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {each.name: each for each in tools}
        self._calls: dict[Any, asyncio.Task[tuple[str, bool]]] = {}

    @property
    def server(self) -> Server:
        """As an entry; its tools stand in the requests from the first one on."""
        listing = json.dumps(self._listing(), sort_keys=True)
        digest = hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return Server(NAME, Hosted(), "flag", "Options.tools", digest, always_load=True)

    @property
    def names(self) -> tuple[str, ...]:
        """What the model calls them."""
        return tuple(tool_name(NAME, each) for each in self._tools)

    @property
    def rules(self) -> tuple[str, ...]:
        """What allows the tools that are not asked about."""
        return tuple(tool_name(NAME, each.name) for each in self._tools.values() if not each.asks)

    async def send(self, server: str, message: Json) -> Json | None:
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if "id" not in message:
            if message.get("method") == "notifications/cancelled" and params.get("requestId") in self._calls:
                self._calls[params["requestId"]].cancel()
            return None
        match message.get("method"):
            case "initialize":
                result: Json = {
                    "protocolVersion": params.get("protocolVersion", "2025-06-18"),
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": server, "version": __version__},
                }
            case "ping":
                result = {}
            case "tools/list":
                result = {"tools": self._listing()}
            case "tools/call":
                tool = self._tools.get(str(params.get("name")))
                if tool is None:
                    return _failed(message, _BAD_PARAMS, f"there is no tool {params.get('name')}")
                text, is_error = await self._called(message["id"], tool, params.get("arguments") or {})
                result = {"content": [{"type": "text", "text": text}], "isError": is_error}
            case method:
                return _failed(message, _UNKNOWN_METHOD, f"there is no method {method}")
        return {"jsonrpc": "2.0", "id": message["id"], "result": result}

    async def _called(self, id: Any, tool: Tool, arguments: Any) -> tuple[str, bool]:
        """Cancelled by the one who waits, or by a message that names it."""
        self._calls[id] = running = asyncio.create_task(tool.call(arguments))
        try:
            await asyncio.wait({running})
            return ("cancelled", True) if running.cancelled() else running.result()
        finally:
            del self._calls[id]
            running.cancel()

    def _listing(self) -> list[Json]:
        return [
            {
                "name": each.name,
                "description": each.description,
                "inputSchema": each.input_schema,
                **({"annotations": {"readOnlyHint": True}} if each.reads_only else {}),
            }
            for each in self._tools.values()
        ]


def _failed(message: Json, code: int, text: str) -> Json:
    return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": text}}
