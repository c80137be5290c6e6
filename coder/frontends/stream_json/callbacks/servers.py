"""Messages to the MCP servers that live in the host, as `mcp_message` requests. Must not know what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError

Ask: TypeAlias = Callable[[Json], Awaitable[Json]]
"""Asks the host. Raises RequestError."""

_CANCELLED = "notifications/cancelled"


class HostServers:
    """Implements `coder.mcp.link.Channel`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[tuple[str, str], asyncio.Task[Json]] = {}  # by server and id

    async def send(self, server: str, message: Json) -> Json | None:
        request: Json = {"subtype": "mcp_message", "server_name": server, "message": message}
        id = message.get("id")
        if id is None:
            await self._notify(server, request)
            return None
        key = (server, repr(id))
        task = self._waiting[key] = asyncio.create_task(self._reply(request, id))
        try:
            await asyncio.wait({task})
            return None if task.cancelled() else task.result()
        finally:
            task.cancel()
            self._waiting.pop(key, None)

    async def _notify(self, server: str, request: Json) -> None:
        """Whatever is answered to it says nothing. Of a call that is cancelled the reply is awaited no longer."""
        message = request["message"]
        try:
            await self._ask(request)
        except RequestError as error:
            if message.get("method") != _CANCELLED:
                raise ConnectionError(str(error)) from error
        if message.get("method") == _CANCELLED:
            params = message.get("params")
            id = params.get("requestId") if isinstance(params, dict) else None
            if (task := self._waiting.get((server, repr(id)))) is not None:
                task.cancel()

    async def _reply(self, request: Json, id: object) -> Json:
        """Raises ConnectionError."""
        try:
            answer = await self._ask(request)
        except RequestError as error:
            raise ConnectionError(str(error)) from error
        reply = answer.get("mcp_response")
        if not isinstance(reply, dict) or not ("result" in reply or "error" in reply):
            raise ConnectionError("the host gave no reply to a request of the protocol")
        return {**reply, "jsonrpc": "2.0", "id": id}
