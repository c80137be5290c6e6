"""Ends the login at a server: takes its tokens back where the server says how, and forgets them. Knows no terminal."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import quote

import httpx2

from coder.mcp import tokens
from coder.mcp.authority import Authority
from coder.mcp.errors import ServerError
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
        except (ServerError, TimeoutError):
            said = f"{server.name} could not be told, so its tokens hold until they run out."
    return await tokens.forget(vault, server), said


async def _revoke(server: Server, grant: Grant) -> str:
    url = (grant.authority or {}).get("revocation_endpoint")
    if not isinstance(url, str):
        return f"{server.name} does not say how to take tokens back: they hold until they run out."
    authority = Authority(server.name, address_of(server).url, _SECONDS)
    for kind in ("refresh_token", "access_token"):
        if token := grant.tokens.get(kind):
            form, headers = _signed({"token": str(token), "token_type_hint": kind}, grant)
            answer = await authority.send(httpx2.Request("POST", url, data=form, headers=headers))
            if not answer.is_success:
                return (
                    f"{server.name} did not take its tokens back ({authority.failure}): they hold until they run out."
                )
    return ""


def _signed(form: dict[str, str], grant: Grant) -> tuple[dict[str, str], dict[str, str]]:
    """With who we are to the authority (RFC 6749, 2.3.1)."""
    name, secret = str(grant.client.get("client_id", "")), grant.client.get("client_secret")
    if not isinstance(secret, str):
        return {**form, "client_id": name}, {}
    if grant.client.get("token_endpoint_auth_method") == "client_secret_basic":
        pair = base64.b64encode(f"{quote(name, safe='')}:{quote(secret, safe='')}".encode()).decode()
        return form, {"Authorization": f"Basic {pair}"}
    return {**form, "client_id": name, "client_secret": secret}, {}
