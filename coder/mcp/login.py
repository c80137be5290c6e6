"""Logs a person in at a server: finds out where, has them say yes in a browser, keeps what comes of it.
Must not know terminals.

The protocol library's flow does the protocol (RFC 9728, 8414, 7591, 7636, 8707, 9207). Who is asked, how long, and what
an answer may be is decided here: its requests go through `Authority`, none through the connection of a session.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx2
from mcp.client.auth import (
    AuthorizationCodeResult,
    OAuthClientProvider,
    OAuthFlowError,
    OAuthRegistrationError,
    OAuthTokenError,
)
from mcp.client.auth.utils import build_oauth_authorization_server_metadata_discovery_urls as places_of
from mcp.client.auth.utils import extract_field_from_www_auth, issuers_match
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthMetadata
from pydantic import AnyUrl, ValidationError

from coder import __version__
from coder.core.visible import visible_line
from coder.mcp import tokens
from coder.mcp.authority import Authority, client_for
from coder.mcp.consent import Consent, Person
from coder.mcp.errors import ServerError
from coder.mcp.loopback import Loopback
from coder.mcp.network import why_not
from coder.mcp.oauth import Memory, grant_of
from coder.mcp.server import Login, Server
from coder.mcp.tokens import Grant, address_of
from coder.vault.vault import Vault

PATIENCE = 300.0  # seconds for the person and their browser
_LONG = 60.0  # no single answer of a machine takes longer
_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "coder", "version": __version__},
    },
}


class _Scopes(OAuthClientMetadata):
    """Those that the person chose, whatever the server proposes."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "scope":
            super().__setattr__(name, value)


class _Provider(OAuthClientProvider):
    """The library's, with an authority that the entry names in place of the one a server does."""

    issuer = ""

    def _expected_issuer(self) -> str:
        return self.issuer or super()._expected_issuer()


class LogIn:
    """One login. `seconds` is for all that machines do in it; the time a person takes is counted apart."""

    def __init__(
        self,
        server: Server,
        vault: Vault,
        person: Person,
        headers: Mapping[str, str],
        *,
        seconds: float,
        patience: float = PATIENCE,
    ) -> None:
        """`headers` are what the server is shown besides the login. Raises ServerError where there is no logging in."""
        self._name = server.name
        self._server = server
        self._transport = address_of(server)
        if any(name.lower() == "authorization" for name in headers):
            raise ServerError(
                f"{server.name} has a headersHelper that prints an Authorization header, which goes instead of a "
                f"login. Take it out of {server.origin} first."
            )
        self._vault = vault
        self._headers = headers
        self._seconds = seconds
        self._authority = Authority(server.name, self._transport.url, min(seconds, _LONG))
        self._loopback = Loopback(self._login.callback_port or 0)
        self._consent = Consent(server.name, person, self._loopback, patience)
        self._clock: asyncio.Timeout | None = None
        self._given: bytes | None = None
        self._issuer = ""

    @property
    def _login(self) -> Login:
        return self._transport.login or Login()

    async def run(self) -> str:
        """What the person should know of where the login is kept. Raises ServerError, with nothing kept."""
        self._authority.check(self._transport.url)
        try:
            async with asyncio.timeout(self._seconds) as self._clock:
                await self._loopback.open()
                grant = await self._logged_in()
                return await tokens.keep(self._vault, self._server, grant)
        except TimeoutError as error:
            raise ServerError(
                f"{self._name}: the login took longer than {self._seconds:g} s. Nothing was kept. Try again, or set "
                "MCP_TIMEOUT (milliseconds)."
            ) from error
        finally:
            self._loopback.close()

    async def _logged_in(self) -> Grant:
        why = self._authority
        try:
            provider = self._provider()
            await self._use_named_authority(provider)
            await self._drive(provider)
            return grant_of(provider)
        except OAuthRegistrationError:
            raise ServerError(
                f"{self._name}: coder cannot register itself there ({why.failure or 'its answer is of no use'}). "
                "Get a client id from whoever runs the server, and add the server with --client-id."
            ) from None
        except OAuthTokenError:
            raise ServerError(
                f"{self._name}: the login was not accepted ({why.failure or 'its answer is of no use'}). Log in again."
            ) from None
        except OAuthFlowError as error:
            raise ServerError(f"{self._name}: the login cannot go on: {visible_line(str(error))[:300]}.") from None
        except (ValidationError, ValueError, OverflowError):
            raise ServerError(f"{self._name}: the login cannot go on: an answer is not what it should be.") from None

    def _provider(self) -> _Provider:
        chosen = self._login
        redirects = [AnyUrl(self._loopback.address)]
        kind = _Scopes if chosen.scopes else OAuthClientMetadata
        wanted = kind(
            client_name="coder",
            redirect_uris=redirects,
            token_endpoint_auth_method="none",
            scope=" ".join(chosen.scopes) or None,
        )
        memory, document = Memory(), None
        if chosen.client_id.startswith("https://"):
            document = chosen.client_id
        elif chosen.client_id:
            memory.client = OAuthClientInformationFull(
                client_id=chosen.client_id,
                client_secret=chosen.client_secret or None,
                redirect_uris=redirects,
                token_endpoint_auth_method="client_secret_post" if chosen.client_secret else "none",
            )
        return _Provider(self._transport.url, wanted, memory, self._redirect, self._called_back, document)

    async def _use_named_authority(self, provider: _Provider) -> None:
        if not (url := self._login.metadata_url):
            return
        answer = await self._authority.send(httpx2.Request("GET", url))
        if not answer.is_success:
            raise ServerError(f"{self._name}: its authServerMetadataUrl answers {self._authority.failure}. Look at it.")
        provider.issuer = str(OAuthMetadata.model_validate_json(answer.content).issuer)
        self._given = answer.content

    async def _drive(self, provider: _Provider) -> None:
        request = self._hello()
        flow = provider._auth_flow(request)
        try:
            outgoing = await anext(flow)
            asked = 0
            while True:
                if outgoing is request:
                    held = provider.context.current_tokens
                    if held is not None and not tokens.is_sendable(held.access_token):
                        raise ValueError  # without the value
                    answer = await self._knock(request)
                    asked += 1
                    self._judge(answer, asked)
                else:
                    answer = await self._ask(provider, outgoing)
                try:
                    outgoing = await flow.asend(answer)
                except StopAsyncIteration:
                    return
        finally:
            await flow.aclose()

    def _hello(self) -> httpx2.Request:
        headers = {**self._transport.headers, **self._headers}
        if self._transport.kind == "sse":
            return httpx2.Request("GET", self._transport.url, headers={**headers, "accept": "text/event-stream"})
        headers["accept"] = "application/json, text/event-stream"
        return httpx2.Request("POST", self._transport.url, headers=headers, json=_HELLO)

    async def _knock(self, request: httpx2.Request) -> httpx2.Response:
        """How the server itself answers: its head only, for what comes after may have no end."""
        try:
            async with await client_for(request.url, httpx2.Timeout(self._seconds)) as client:
                timed = client.build_request(
                    request.method, request.url, headers=request.headers, content=request.content
                )
                answer = await client.send(timed, stream=True)
                await answer.aclose()
                if session := answer.headers.get("mcp-session-id"):
                    # The server began one for us, which nobody is going to use.
                    signed = {**self._headers, **self._transport.headers, "mcp-session-id": session}
                    signed["authorization"] = request.headers.get("authorization", "")
                    with suppress(httpx2.HTTPError):
                        await client.delete(request.url, headers=signed)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            late = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else ""
            what = late or why_not(error, request.url.host) or f"cannot be reached ({type(error).__name__})"
            raise ServerError(f"{self._name} {what}. Look at its address.") from error
        return httpx2.Response(answer.status_code, headers=answer.headers, content=b"", request=request)

    def _judge(self, answer: httpx2.Response, asked: int) -> None:
        status = answer.status_code
        if asked == 1 and (status == 401 or extract_field_from_www_auth(answer, "error") == "insufficient_scope"):
            return
        if asked == 2 and status in (401, 403):
            raise ServerError(f"{self._name} does not take the login (HTTP {status}). Nothing was kept.")
        if asked == 1 and answer.is_success:
            raise ServerError(f"{self._name} asks for no login. Nothing is to be done.")
        if asked == 1:
            raise ServerError(
                f"{self._name} answers HTTP {status} where it should ask for a login. Look at its address."
            )

    async def _ask(self, provider: _Provider, request: httpx2.Request) -> httpx2.Response:
        context = provider.context
        is_metadata = request.method == "GET" and str(request.url) in places_of(
            context.auth_server_url, context.server_url
        )
        if is_metadata and self._given is not None:
            return httpx2.Response(200, content=self._given, request=request)
        answer = await self._authority.send(request)
        if is_metadata:
            if answer.status_code >= 500:  # the library would take it for a server without metadata
                raise ServerError(
                    f"{self._name}: {request.url.host} is out of order ({self._authority.failure}). Try later."
                )
            _fit(context.client_metadata, answer.content)
            self._issuer = provider._expected_issuer()
            return _rooted(answer, self._issuer)
        return answer

    async def _redirect(self, address: str) -> None:
        self._authority.check(address)
        await self._consent.ask(address)

    async def _called_back(self) -> AuthorizationCodeResult:
        """The clock of the machines stands still meanwhile."""
        assert self._clock is not None
        loop = asyncio.get_running_loop()
        left = (self._clock.when() or math.inf) - loop.time()
        self._clock.reschedule(None)
        answered = await self._consent.answer()
        self._clock.reschedule(loop.time() + left)
        same = answered.issuer is not None and issuers_match(answered.issuer, self._issuer)
        issuer = self._issuer if same else answered.issuer
        return AuthorizationCodeResult(code=answered.code, state=answered.state, iss=issuer)


def _fit(wanted: OAuthClientMetadata, metadata: bytes) -> None:
    """We need no secret of our own, but an authority may insist on one."""
    with suppress(ValueError, RecursionError):
        known = json.loads(metadata)
        methods = known.get("token_endpoint_auth_methods_supported") if isinstance(known, dict) else None
        if isinstance(methods, list) and "none" not in methods:
            posts = "client_secret_post" in methods
            wanted.token_endpoint_auth_method = "client_secret_post" if posts else "client_secret_basic"


def _rooted(answer: httpx2.Response, issuer: str) -> httpx2.Response:
    """With the issuer as it was expected, where only the `/` after a host differs: some write it in one place and not
    in the other, and the library takes them for two."""
    with suppress(ValueError, RecursionError):
        known = json.loads(answer.content)
        said = known.get("issuer") if isinstance(known, dict) else None
        if isinstance(said, str) and said != issuer and issuers_match(said, issuer):
            return httpx2.Response(answer.status_code, json={**known, "issuer": issuer}, request=answer.request)
    return answer
