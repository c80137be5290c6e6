"""Signs the requests of a session to a server with the login there is, and renews it. Logs nobody in, opens nothing.

The protocol library's own provider begins a new login whenever a server says no, forgets across a restart where a token
came from, and waits without end. So a session uses its parts and none of its flow.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.utils import extract_field_from_www_auth
from mcp.shared.auth import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from pydantic import AnyUrl, ValidationError

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.mcp import tokens
from coder.mcp.authority import Authority, origin
from coder.mcp.errors import LoginNeeded, ServerError
from coder.mcp.server import Http, Server
from coder.mcp.tokens import Grant
from coder.vault.errors import VaultError
from coder.vault.vault import Vault

# It logs what servers answered, with tracebacks; a token may be in it. All that matters reaches us as a value.
logging.getLogger("mcp.client.auth.oauth2").addFilter(lambda record: False)

_EARLY = 30.0  # seconds before its end a token is renewed: the request has to arrive while it is good
Clock = Callable[[], float]


@dataclass(slots=True)
class Memory:
    """What the library keeps in the course of a login or a renewal. What lasts is a `Grant`."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class SessionAuth(OAuthClientProvider):
    """`refused` is why the server lets us in no more, until it does: the rest of a sentence about it."""

    def __init__(self, server: Server, vault: Vault, now: Clock = time.time) -> None:
        assert isinstance(server.transport, Http)
        url = server.transport.url
        super().__init__(url, OAuthClientMetadata(redirect_uris=[AnyUrl("http://localhost/callback")]), Memory())
        self.refused: ServerError | None = None
        self._trouble: ServerError | None = None  # why the login that is kept could not be had, or not be renewed
        self._is_spent = False
        self._server = server
        self._vault = vault
        self._now = now
        self._origin = origin(url)
        self._authority = Authority(server.name, url)

    async def _auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Each request is tried once more when the login could be renewed. Nothing is held while the server answers:
        one that is slow with one request is not to delay another."""
        if origin(str(request.url)) != self._origin:
            yield request  # not ours to sign
            return
        await self._prepare(request)
        used = self._sign(request)
        response = yield request
        if response.status_code == 401 and await self._renewed(request, instead_of=used):
            self._sign(request)
            response = yield request
        self._judge(response)

    async def _prepare(self, request: httpx2.Request) -> None:
        async with self.context.lock:
            if not self._initialized:
                self._initialized = True
                await self._reload()
            self.context.protocol_version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER)
            ends = self.context.token_expiry_time
            if ends is not None and ends - _EARLY <= self._now():
                await self._renew()

    async def _renewed(self, request: httpx2.Request, instead_of: str) -> bool:
        """Whether there is another token now than the one that was refused."""
        async with self.context.lock:
            if self._token() == instead_of:
                await self._renew()
            return bool(self._token()) and self._token() != instead_of

    async def _renew(self) -> None:
        """Another session may have renewed it, and what it used is used up: so what is kept is looked at first, and
        once more when the authority says no."""
        used = self._token()
        self._trouble = None
        await self._reload()
        if self._token() != used or not self.context.can_refresh_token():
            return
        before = self.context.current_tokens
        try:
            answer = await self._authority.send(await self._refresh_token())
        except ServerError as error:
            why = str(error).removeprefix(f"{self._server.name}: ").removesuffix(".")
            self._trouble = ServerError(f"could not have its login renewed: {why}")
            return
        except OAuthFlowError:  # the client that is kept is none that can be used
            self._is_spent = True
            self.context.clear_tokens()
            return
        with suppress(ValidationError, ValueError, OverflowError):
            if await self._handle_refresh_response(answer):
                self._expire()
                await self._keep()
                return
        self.context.current_tokens = before
        await self._reload()
        if self._token() != used:
            return
        if answer.status_code >= 500 or answer.status_code == 429:
            self._trouble = ServerError(
                f"could not have its login renewed ({self._authority.failure}): try again later"
            )
        else:
            self._is_spent = True
            self.context.clear_tokens()

    async def _reload(self) -> None:
        try:
            grant = await tokens.load(self._vault, self._server)
        except VaultError as error:
            self._trouble = LoginNeeded(f"has a login that cannot be had: {str(error).removesuffix('.')}")
            return
        if grant is None:
            self.context.clear_tokens()
            return
        with suppress(ValidationError):
            put_back(self, grant)

    def _expire(self) -> None:
        held = self.context.current_tokens
        lasts = held.expires_in if held is not None else None
        self.context.token_expiry_time = None if lasts is None else self._now() + lasts

    async def _keep(self) -> None:
        with suppress(ServerError):  # it holds for this session at least
            await tokens.keep(self._vault, self._server, grant_of(self))

    def _token(self) -> str:
        """Empty also for one that cannot be sent."""
        held = self.context.current_tokens
        return held.access_token if held is not None and tokens.is_sendable(held.access_token) else ""

    def _sign(self, request: httpx2.Request) -> str:
        if token := self._token():
            request.headers["Authorization"] = f"Bearer {token}"
        return token

    def _judge(self, response: httpx2.Response) -> None:
        if response.status_code not in (401, 403):
            self.refused = None
            return
        if response.status_code == 403:
            wanted = visible_line(extract_field_from_www_auth(response, "scope") or "")[:200]
            more = f", and asks for more rights ({wanted})" if wanted else ""
            self.refused = LoginNeeded(f"refuses what this login may do{more}")
            return
        is_kept = self.context.current_tokens is not None or self._is_spent
        why = "does not take the login that is kept" if is_kept else "wants a login"
        self.refused = self._trouble or LoginNeeded(why)


def put_back(provider: OAuthClientProvider, grant: Grant) -> None:
    """What the library would have found out in a login. Raises ValidationError."""
    held = OAuthToken.model_validate(grant.tokens)
    client = OAuthClientInformationFull.model_validate(grant.client)
    authority = None if grant.authority is None else OAuthMetadata.model_validate(grant.authority)
    resource = None if grant.resource is None else ProtectedResourceMetadata.model_validate(grant.resource)
    context = provider.context
    context.current_tokens, context.client_info, context.token_expiry_time = held, client, grant.expires
    context.oauth_metadata, context.protected_resource_metadata = authority, resource
    context.auth_server_url = str(resource.authorization_servers[0]) if resource is not None else None


def grant_of(provider: OAuthClientProvider) -> Grant:
    context = provider.context
    assert context.current_tokens is not None and context.client_info is not None
    authority, resource = context.oauth_metadata, context.protected_resource_metadata
    return Grant(
        context.current_tokens.model_dump(mode="json", exclude_none=True),
        context.client_info.model_dump(mode="json", exclude_none=True),
        context.token_expiry_time,
        None if authority is None else authority.model_dump(mode="json", exclude_none=True),
        None if resource is None else resource.model_dump(mode="json", exclude_none=True),
    )
