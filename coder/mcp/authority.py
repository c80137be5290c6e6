"""Requests to whoever gives out logins: where they may go, how long they may take and how much may come back. Must not
know what is asked.

They never go through the client of a server: its headers and cookies are not for others.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import ssl
from dataclasses import field
from functools import lru_cache
from urllib.parse import urlsplit

import httpx2

from coder.core.dataclass import dataclass
from coder.mcp.errors import ServerError

_LIMIT = 1024 * 1024
_REDIRECTS = 3
_PORTS = {"https": 443, "http": 80}
# RFC 6749, 6750, 7591, 8707: words that say what is wrong. Any other text may repeat a secret that was sent.
_CODES = frozenset(
    (
        *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_target", "invalid_token"),
        *("unauthorized_client", "unsupported_grant_type", "unsupported_response_type", "insufficient_scope"),
        *("access_denied", "server_error", "temporarily_unavailable", "invalid_redirect_uri"),
        *("invalid_client_metadata", "invalid_software_statement", "unapproved_software_statement"),
        *("consent_required", "login_required", "interaction_required"),
    )
)


@dataclass(slots=True)
class Authority:
    """`server` is the address of the MCP server that sends us there, `name` what it is called. `failure` says how the
    last answer was no success."""

    name: str
    server: str
    seconds: float = 20.0
    failure: str = field(default="", init=False)

    def check(self, url: str) -> None:
        """Raises ServerError for an address that no secret may go to: neither unencrypted, nor to this machine by the
        word of a server elsewhere."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        local = is_loopback(host)
        if parts.scheme == "https" and host and not (local and not self._is_local()):
            return
        if parts.scheme == "http" and local and self._is_local():
            return
        where = f"{parts.scheme}://{host}" if host else "an address without a host"
        raise ServerError(
            f"{self.name}: the login would go to {where[:200]!r}, and only https is safe for it. "
            "Ask whoever runs the server; nothing was sent."
        )

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """The whole answer. Raises ServerError when it cannot be had."""
        timeout = httpx2.Timeout(self.seconds)
        host = request.url.host
        try:
            async with await client_for(request.url, timeout) as client:
                for _ in range(_REDIRECTS + 1):
                    self.check(str(request.url))
                    answer, onward = await self._once(client, request)
                    if onward is None:
                        break
                    request = onward
        except httpx2.TimeoutException as error:
            raise ServerError(f"{self.name}: {host} did not answer the login in time. Try again later.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise ServerError(
                f"{self.name}: {host} cannot be reached for the login ({type(error).__name__}). Try again."
            ) from error
        self.failure = "" if answer.is_success else _failure(answer)
        return answer

    async def _once(
        self, client: httpx2.AsyncClient, request: httpx2.Request
    ) -> tuple[httpx2.Response, httpx2.Request | None]:
        timed = client.build_request(
            request.method, request.url, headers=request.headers, content=request.content, timeout=self.seconds
        )
        timed.headers["accept-encoding"] = "identity"  # a few packed bytes may be a very long text
        answer = await client.send(timed, stream=True)
        try:
            data = bytearray()
            async for piece in answer.aiter_raw():
                data += piece
                if len(data) > _LIMIT:
                    raise ServerError(
                        f"{self.name}: {request.url.host} answers the login without end. Nothing was kept."
                    )
        finally:
            await answer.aclose()
        whole = httpx2.Response(
            answer.status_code, headers=_plain(answer.headers), content=bytes(data), request=request
        )
        return whole, _onward(answer)

    def _is_local(self) -> bool:
        return is_loopback(urlsplit(self.server).hostname or "")


def origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def client_for(url: httpx2.URL, timeout: httpx2.Timeout) -> httpx2.AsyncClient:
    """For one answer or two. Reading certificates takes long enough to be seen: not in the loop, and once."""
    local = is_loopback(url.host)
    certificates = await asyncio.to_thread(_certificates) if url.scheme == "https" else False
    return httpx2.AsyncClient(timeout=timeout, follow_redirects=False, verify=certificates, trust_env=not local)


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    context = httpx2.create_ssl_context()
    if extra := os.environ.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(cafile=extra)
    return context


def _plain(headers: httpx2.Headers) -> list[tuple[str, str]]:
    """The body is decoded by now."""
    hidden = ("content-encoding", "content-length", "transfer-encoding", "set-cookie")
    return [(name, value) for name, value in headers.multi_items() if name.lower() not in hidden]


def _onward(answer: httpx2.Response) -> httpx2.Request | None:
    """The request a redirect leads to: of the same kind, and to the same origin."""
    onward = answer.next_request
    if onward is None or onward.method != answer.request.method or onward.url.userinfo:
        return None
    return onward if origin(str(onward.url)) == origin(str(answer.request.url)) else None


def _failure(answer: httpx2.Response) -> str:
    said = f"HTTP {answer.status_code}"
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return said
    code = body.get("error") if isinstance(body, dict) else None
    return f"{said}, {code}" if isinstance(code, str) and code in _CODES else said
