"""Messages to a server at an address: the streamable transport, and the older one of two channels. Must not know what
is said, nor how a login is had."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from coder.core.lazy import LazyModule
from coder.mcp.carrier import MOST, Trouble
from coder.mcp.credentials import Credentials, CredentialsOf
from coder.mcp.errors import LoginNeeded, ServerError
from coder.mcp.library import sse, streamable_http
from coder.mcp.network import why_not
from coder.mcp.server import Http, Server
from coder.mcp.veil import Veil, one_line

if TYPE_CHECKING:
    import httpx2

    from coder.mcp import client, two_channels
    from coder.mcp.carrier import Streams
else:
    httpx2 = LazyModule("httpx2")
    client = LazyModule("coder.mcp.client")
    two_channels = LazyModule("coder.mcp.two_channels")


class HttpCarrier:
    """Implements `coder.mcp.carrier.Carrier`."""

    def __init__(
        self,
        server: Server,
        transport: Http,
        credentials: CredentialsOf | None,
        idle: float,
        env: Mapping[str, str],
        veil: Veil,
    ) -> None:
        self._server, self._transport, self._credentials = server, transport, credentials
        self._idle, self._env, self._veil = idle, env, veil
        self._stack = AsyncExitStack()
        self._client: client.Client | None = None
        self._given = Credentials()

    @property
    def is_spent(self) -> bool:
        """A login that has ended, or a session that the server has forgotten."""
        return self._client is not None and (self._client.status == 401 or self._client.forgotten)

    async def __aenter__(self) -> Streams:
        """Raises LoginNeeded, ServerError, and whatever the network says."""
        transport = self._transport
        if transport.kind == "ws":
            raise ServerError("speaks over a WebSocket, which coder does not: give it type http or sse")
        given = await self._credentials(self._server) if self._credentials is not None else Credentials()
        extra = self._env.get("NODE_EXTRA_CA_CERTS", "")
        opened = await asyncio.to_thread(client.open_client, transport.url, transport.headers, given, self._idle, extra)
        self._client, self._given = opened, given
        await self._stack.enter_async_context(opened)
        try:
            if transport.kind == "sse":
                streams: Any = sse.sse_client(transport.url, httpx_client_factory=_Lent(opened))
            else:
                streams = streamable_http.streamable_http_client(
                    transport.url, http_client=opened, max_sse_event_size=MOST
                )
            reading, writing = await self._stack.enter_async_context(streams)
            if transport.kind == "sse":
                reading = two_channels.Answers(reading, opened.unsent)
        except BaseException:
            await self._stack.aclose()
            raise
        return reading, writing

    async def __aexit__(self, *exception: Any) -> None:
        await self._stack.__aexit__(*exception)

    def kill(self) -> None:
        """A task that is cancelled leaves."""

    def trouble(self, errors: Sequence[BaseException]) -> Trouble | None:
        for error in errors:
            if isinstance(error, LoginNeeded):
                return Trouble(str(error), "login")
            if isinstance(error, ServerError):
                return Trouble(str(error), "final")
        if self._client is not None and self._client.refused is not None:
            return self._refused(self._client.refused)
        failed = (self._client.failure,) if self._client is not None and self._client.failure is not None else ()
        for error in (*errors, *failed):
            if (found := self._network(error)) is not None:
                return found
        status = self._client.status if self._client is not None else None
        if self._client is not None and self._client.forgotten and self._client.answered:
            return Trouble("ended the session")
        if status is not None:
            return Trouble(f"answered with HTTP status {status}", "lost" if status >= 500 or status == 429 else "final")
        return None

    def _refused(self, status: int) -> Trouble:
        if (why := self._given.refused()) is not None:
            return Trouble(str(why), "login" if isinstance(why, LoginNeeded) else "final")
        if any(name.lower() == "authorization" for name in self._transport.headers):
            return Trouble(f"refuses the Authorization header of its entry (HTTP status {status})", "final")
        return Trouble(f"lets nobody in without a login (HTTP status {status})", "login")

    def _network(self, error: BaseException) -> Trouble | None:
        host = one_line(_host(self._transport.url), self._veil)
        if why := why_not(error, host):
            return Trouble(why) if why.startswith("cannot be reached") else Trouble(why, "final")
        match error:
            case httpx2.LocalProtocolError() | UnicodeEncodeError():  # its text is the value of a header
                return Trouble("cannot be used: what its entry or its login says fits no HTTP header", "final")
            case httpx2.TimeoutException() | TimeoutError():
                return Trouble(f"cannot be used: {host} did not answer in time")
            case httpx2.InvalidURL() | ValueError():
                return Trouble(f"has an entry that cannot be used: {one_line(str(error), self._veil)}", "final")
            case httpx2.HTTPStatusError():
                status = error.response.status_code
                return Trouble(f"answered with HTTP status {status}", "lost" if status >= 500 else "final")
            case httpx2.HTTPError() | OSError():
                why = one_line(str(error), self._veil) or type(error).__name__
                return Trouble(f"cannot be reached: {why}")
        return None


class _Lent:
    """Where the library wants to make a client and to close it: ours, which its owner closes."""

    def __init__(self, lent: httpx2.AsyncClient) -> None:
        self._lent = lent

    def __call__(self, headers: object = None, timeout: object = None, auth: object = None) -> Any:
        return self

    async def __aenter__(self) -> httpx2.AsyncClient:
        return self._lent

    async def __aexit__(self, *exception: object) -> None:
        pass


def _host(url: str) -> str:
    try:
        return httpx2.URL(url).host
    except httpx2.InvalidURL:
        return url
