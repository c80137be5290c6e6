"""Watches how a server takes the headers that its entry or its helper gives. Adds no login: who gives one wants that.
Must not know logins.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

import httpx2

from coder.mcp.authority import origin
from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server


class GivenAuth(httpx2.Auth):
    """`refused` is why the server lets us in no more, until it does: the rest of a sentence about it. `anew` asks the
    helper once more."""

    def __init__(self, server: Server, anew: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        assert isinstance(server.transport, Http)
        self.refused: ServerError | None = None
        self._server = server
        self._helper = server.transport.helper
        self._origin = origin(server.transport.url)
        self._anew = anew
        self._latest: Mapping[str, str] = {}

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        ours = origin(str(request.url)) == self._origin
        if ours:
            request.headers.update(self._latest)
        response = yield request
        if response.status_code == 401 and ours and self._helper and await self._changes(request):
            request.headers.update(self._latest)
            response = yield request
        self._judge(response)

    async def _changes(self, request: httpx2.Request) -> bool:
        """Whether the helper has something else to say now. What it printed may have run out."""
        try:
            self._latest = await self._anew()
        except ServerError as error:
            self.refused = error
            return False
        return any(request.headers.get(name) != value for name, value in self._latest.items())

    def _judge(self, response: httpx2.Response) -> None:
        if response.status_code not in (401, 403):
            self.refused = None
            return
        whose = "its headersHelper prints" if self._helper else f"{self._server.origin} gives"
        self.refused = ServerError(
            f"does not take the Authorization header that {whose} (HTTP {response.status_code}): set another one, or "
            f"leave it out and log in with coder mcp login {self._server.name}"
        )
