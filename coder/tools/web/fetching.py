"""One page over HTTP: hop by hop, each judged anew, bounded in time, bytes and hops. Must not know what a page means.

No cookies, no credentials, no redirect to another host. The connection goes to an IP address that was judged; the name
stays in the Host header and in TLS.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from coder import __version__
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.tools.web.address import Address, joined, read, upgraded
from coder.tools.web.dialling import Dialling
from coder.tools.web.inflating import ACCEPTED, Inflating, TooMuch
from coder.tools.web.proxies import proxy_for

if TYPE_CHECKING:
    import ssl

    import httpx2
else:
    httpx2 = LazyModule("httpx2")

MOST_BYTES = 10 << 20  # after decompression
MOST_HOPS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {
    "user-agent": f"Claude-User/1.0 (coder {__version__})",
    "accept": "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5",
    "accept-encoding": ACCEPTED,
    "accept-language": "en;q=0.8, *;q=0.5",
    "connection": "close",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """In seconds: for the whole fetch, for a connection, between two bytes."""

    total: float = 60.0
    connect: float = 10.0
    idle: float = 20.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server answered. `moved` is the address on another host that it sent us to, which was not followed."""

    url: str
    code: int
    content_type: str = ""
    body: bytes = b""
    moved: str = ""

    @property
    def code_text(self) -> str:
        try:
            return HTTPStatus(self.code).phrase
        except ValueError:
            return ""


class Fetching:
    """`transport` carries the requests of tests; a session has its own, one for each connection."""

    def __init__(
        self,
        dialling: Dialling,
        env: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        bounds: Bounds = Bounds(),
    ) -> None:
        self._dialling = dialling
        self._env = os.environ if env is None else env
        self._transport = transport
        self._bounds = bounds
        self._certificates: ssl.SSLContext | None = None

    async def fetch(self, url: str) -> Fetched:
        """Raises ToolError."""
        start = read(url)
        try:
            async with asyncio.timeout(self._bounds.total):
                return await self._followed(start)
        except TimeoutError as error:
            raise ToolError(
                f"{start.url} took longer than {self._bounds.total:g} seconds and was given up. Try again later, or "
                "another page."
            ) from error

    def foresee(self, url: str) -> None:
        """Raises ToolError for what needs no look at the network to be refused."""
        self._dialling.foresee(read(url))

    def entry(self, address: Address) -> Address:
        """The address that is really asked: over TLS, but for hosts that the person allowed."""
        return address if self._dialling.is_allowed(address) else upgraded(address)

    async def _followed(self, start: Address) -> Fetched:
        address = self.entry(start)
        seen: set[Address] = set()
        while address not in seen and len(seen) <= MOST_HOPS:
            seen.add(address)
            fetched, location = await self._hop(address)
            if not location:
                return fetched
            target = self.entry(joined(address, location))
            is_plain = target.scheme == "http" and not self._dialling.is_allowed(target)
            if is_plain and address.scheme == "https" and target.is_at(address):
                raise ToolError(
                    f"{address.url} redirects from https to plain http, which was not followed: anybody on the way "
                    "could change the page. Fetch another one."
                )
            if not target.is_at(address):
                return Fetched(address.url, fetched.code, moved=target.url)
            address = target
        raise ToolError(f"{start.url} redirects in a circle, or more than {MOST_HOPS} times. Fetch another page.")

    async def _hop(self, address: Address) -> tuple[Fetched, str]:
        """One request, and where it leads on to; "" for an answer."""
        proxy = proxy_for(address, self._env)
        if proxy:
            await self._dialling.check(address)
            return await self._asked(address, address.host, proxy)
        failure: ToolError | None = None
        for place in await self._dialling.places(address):
            try:
                return await self._asked(address, place, "")
            except _Unreached as error:
                failure = error
        raise failure or ToolError(f"{address.host} cannot be reached.")

    async def _asked(self, address: Address, place: str, proxy: str) -> tuple[Fetched, str]:
        try:
            async with self._carrier(proxy) as carrier, aclosing(await self._answer(carrier, address, place)) as answer:
                code, location = answer.status_code, answer.headers.get("location", "")
                if code in _REDIRECTS and location:
                    return Fetched(address.url, code), location
                body = await self._body(answer, address)
                return Fetched(address.url, code, answer.headers.get("content-type", ""), body), ""
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _Unreached(f"{address.host} cannot be reached: {_why(error)}.") from error
        except httpx2.TimeoutException as error:
            raise ToolError(
                f"{address.host} sent nothing for {self._bounds.idle:g} seconds and was given up."
            ) from error
        except httpx2.ProxyError as error:
            raise ToolError(f"The proxy does not lead to {address.host}: {_why(error)}.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ImportError) as error:
            raise ToolError(f"{address.url} cannot be fetched: {_why(error)}.") from error

    async def _answer(self, carrier: httpx2.AsyncBaseTransport, address: Address, place: str) -> httpx2.Response:
        bounds = self._bounds
        at = f"[{place}]" if ":" in place else place
        waits = {"connect": bounds.connect, "read": bounds.idle, "write": bounds.idle, "pool": bounds.connect}
        extensions: dict[str, Any] = {"timeout": waits}
        if address.scheme == "https":
            extensions["sni_hostname"] = address.host
        request = httpx2.Request(
            "GET",
            f"{address.scheme}://{at}:{address.port}{address.target}",
            headers={"host": address.authority, **_HEADERS},
            extensions=extensions,
        )
        return await carrier.handle_async_request(request)

    async def _body(self, answer: httpx2.Response, address: Address) -> bytes:
        declared = answer.headers.get("content-length", "")
        if declared.isdecimal() and declared.isascii() and (len(declared) > 12 or int(declared) > MOST_BYTES):
            raise _too_large(address)
        inflating = Inflating(answer.headers.get("content-encoding", ""), MOST_BYTES)
        try:
            async for chunk in answer.aiter_raw():
                inflating.feed(chunk)
        except TooMuch as error:
            raise _too_large(address) from error
        return inflating.body

    @asynccontextmanager
    async def _carrier(self, proxy: str) -> AsyncIterator[httpx2.AsyncBaseTransport]:
        if self._transport is not None:
            yield self._transport
            return
        if self._certificates is None:
            self._certificates = await asyncio.to_thread(_certificates, self._env)
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=0)
        try:
            carrier = httpx2.AsyncHTTPTransport(
                verify=self._certificates, trust_env=False, limits=limits, proxy=proxy or None
            )
        except (ValueError, ImportError, httpx2.InvalidURL):  # whose words may quote its password
            raise ToolError("The proxy setting cannot be used. Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.") from None
        async with carrier:
            yield carrier


class _Unreached(ToolError):
    """No connection to this IP address; another of the host may do."""


def _certificates(env: Mapping[str, str]) -> ssl.SSLContext:
    context: ssl.SSLContext = httpx2.create_ssl_context()
    if extra := env.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(cafile=extra)
    return context


def _too_large(address: Address) -> ToolError:
    size = f"{MOST_BYTES >> 20} MiB"
    return ToolError(f"{address.url} is larger than {size} and was not read. Fetch a smaller page, or use Bash (curl).")


def _why(error: BaseException) -> str:
    """The most basic reason, on one line."""
    last = error
    for _ in range(10):
        below = last.__cause__ or last.__context__
        if below is None:
            break
        last = below
    text = (last.strerror if isinstance(last, OSError) else None) or str(last) or str(error) or type(error).__name__
    return visible_line(text)[:200].rstrip(". ")
