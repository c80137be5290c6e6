"""The HTTP client for servers at addresses: proxies, certificates, bounds. Must not know the protocol, nor logins.

It takes no compressed answer (a small one could become a large one), waits a minute for the first byte of one, and
keeps what an answer said about being let in."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx2

from coder.mcp.carrier import MOST

if TYPE_CHECKING:
    from coder.mcp.credentials import Credentials

FIRST_BYTE = 60.0
_CONNECT = 10.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Client(httpx2.AsyncClient):
    """`status` is the one of the last answer if it was an error, `refused` the last that let nobody in since one
    did. `unsent` is set once a message could not be handed over, `failure` is why where the network says so."""

    refused: int | None = None
    status: int | None = None
    answered = False
    failure: Exception | None = None
    forgotten = False  # the last request was one of a session that the server does not know (any more)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unsent = asyncio.Event()

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            async with asyncio.timeout(FIRST_BYTE):
                response = await super().send(request, **options)
        except (httpx2.HTTPError, OSError) as error:
            if request.method == "POST":
                self.failure = error
                self.unsent.set()
            raise
        if request.method == "POST" and not response.is_success:
            self.unsent.set()
        if request.method != "DELETE":  # the farewell is answered by anybody
            self._note(response.status_code, "mcp-session-id" in request.headers)
        if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
            await response.aclose()
            raise httpx2.DecodingError("the answer is compressed, which was not asked for", request=request)
        if options.get("stream") and isinstance(response.stream, httpx2.AsyncByteStream) and not _is_stream(response):
            response.stream = _Bounded(response.stream)
        return response

    def _note(self, status: int, in_session: bool) -> None:
        # The protocol wants 404 for that; many answer 400, as the examples of its library do.
        self.forgotten = status == 404 or (status == 400 and in_session)
        self.refused = status if status in (401, 403) else None if status < 400 else self.refused
        self.status = status if status >= 400 else None
        self.answered = self.answered or status < 400


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MOST:
                # Of the kind that the library takes for the answer to one request, not for the end of the connection.
                raise httpx2.StreamError(f"the answer is larger than {MOST >> 20} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_client(url: str, headers: Mapping[str, str], credentials: Credentials, idle: float, extra_ca: str) -> Client:
    """Blocks while certificates are loaded, the first time. Raises OSError and ValueError (an address, a proxy or a
    header that cannot be used)."""
    address = httpx2.URL(url)
    given = httpx2.Headers(list(headers.items()))
    given.update(list(credentials.headers.items()))
    given["accept-encoding"] = "identity"
    return Client(
        headers=given,
        auth=credentials.auth,
        verify=_certificates(extra_ca) if address.scheme == "https" else False,
        trust_env=address.host not in _LOOPBACK,
        follow_redirects=False,
        # What a call may be silent is told to the call, which then tells the server; this one only comes after it.
        timeout=httpx2.Timeout(connect=_CONNECT, read=idle + 30, write=FIRST_BYTE, pool=None),
    )


def _is_stream(response: httpx2.Response) -> bool:
    return bool(response.headers.get("content-type", "").lower().startswith("text/event-stream"))


@lru_cache(maxsize=4)
def _certificates(extra: str) -> ssl.SSLContext:
    context = httpx2.create_ssl_context()
    if extra:
        context.load_verify_locations(cafile=extra)
    return context
