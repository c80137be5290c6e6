"""Ends the login at a server: takes its tokens back where the server says how, and forgets them. Knows no terminal."""

from __future__ import annotations

import asyncio

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.shared.auth import OAuthClientMetadata
from pydantic import AnyUrl, ValidationError

from coder.mcp import tokens
from coder.mcp.authority import Authority
from coder.mcp.errors import ServerError
from coder.mcp.oauth import Memory, put_back
from coder.mcp.server import Server
from coder.mcp.tokens import Grant, address_of
from coder.vault.errors import VaultError
from coder.vault.vault import Vault

_SECONDS = 15.0  # for all of the taking back


async def log_out(server: Server, vault: Vault, seconds: float = _SECONDS) -> tuple[bool, str]:
    """Whether there was a login, and what the person should know about its end. Raises VaultError."""
    try:
        grant = await tokens.load(vault, server)
    except VaultError:
        grant = None  # it cannot be had, so not be taken back either; forgetting may still work
    said = ""
    if grant is not None:
        try:
            async with asyncio.timeout(seconds):
                said = await _revoke(server, grant)
        except (ServerError, TimeoutError, OAuthFlowError, ValidationError):
            said = f"{server.name} could not be told, so its tokens hold until they run out."
    return await tokens.forget(vault, server), said


async def _revoke(server: Server, grant: Grant) -> str:
    transport = address_of(server)
    provider = OAuthClientProvider(
        transport.url, OAuthClientMetadata(redirect_uris=[AnyUrl("http://localhost")]), Memory()
    )
    put_back(provider, grant)
    metadata = provider.context.oauth_metadata
    if metadata is None or metadata.revocation_endpoint is None:
        return f"{server.name} does not say how to take tokens back: they hold until they run out."
    authority = Authority(server.name, transport.url, _SECONDS)
    for kind in ("refresh_token", "access_token"):
        if token := grant.tokens.get(kind):
            data = {"token": token, "token_type_hint": kind, "client_id": grant.client["client_id"]}
            data, headers = provider.context.prepare_token_auth(data, {})
            answer = await authority.send(
                httpx2.Request("POST", str(metadata.revocation_endpoint), data=data, headers=headers)
            )
            if not answer.is_success:
                return (
                    f"{server.name} did not take its tokens back ({authority.failure}): they hold until they run out."
                )
    return ""
