"""What a login at a server gave, as it is kept in the vault. Must not know HTTP, nor how one logs in."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server
from coder.vault.errors import VaultError
from coder.vault.vault import Vault

SERVICE = "mcp-oauth"


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """Plain JSON of the protocol: `tokens` (RFC 6749), `client` (RFC 7591), and where they are from: `authority` (RFC
    8414) and `resource` (RFC 9728), None where it does not say. `expires` is seconds since 1970, None: not known."""

    tokens: Json
    client: Json
    expires: float | None = None
    authority: Json | None = None
    resource: Json | None = None

    def secrets(self) -> tuple[str, ...]:
        """What must be in no line for anybody."""
        found = (self.tokens.get("access_token"), self.tokens.get("refresh_token"), self.client.get("client_secret"))
        return tuple(text for text in found if isinstance(text, str) and text)


def is_sendable(token: str) -> bool:
    """Whether a header can hold it. Another one would be in the error that says so."""
    return token.isascii() and token.isprintable() and token == token.strip()


def key_of(server: Server) -> str:
    """A login is for one name and one address: another one under the same name is another server."""
    url = server.transport.url if isinstance(server.transport, Http) else ""
    return f"{server.name} {url}"


def address_of(server: Server) -> Http:
    """Where one logs in. Raises ServerError where there is no logging in."""
    transport = server.transport
    if not isinstance(transport, Http) or transport.kind == "ws":
        raise ServerError(f"{server.name} is no HTTP server, and only those know logins. Nothing is to be done.")
    given = next((name for name in transport.headers if name.lower() == "authorization"), "")
    if given:
        raise ServerError(
            f"{server.name} has an Authorization header in {server.origin}, which goes instead of a login. Take it out."
        )
    return transport


async def load(vault: Vault, server: Server) -> Grant | None:
    """Raises VaultError."""
    text = await asyncio.to_thread(vault.get, SERVICE, key_of(server))
    return None if text is None else _parsed(text)


async def keep(vault: Vault, server: Server, grant: Grant) -> str:
    """Returns what the person should know of where it is. Raises ServerError."""
    fields = {name: getattr(grant, name) for name in ("tokens", "client", "expires", "authority", "resource")}
    try:
        return await asyncio.to_thread(vault.put, SERVICE, key_of(server), json.dumps(fields))
    except VaultError as error:
        raise ServerError(f"{server.name}: the login cannot be kept: {error}") from error


async def forget(vault: Vault, server: Server) -> bool:
    """Whether there was one. Raises VaultError."""
    return await asyncio.to_thread(vault.drop, SERVICE, key_of(server))


def _parsed(text: str) -> Grant | None:
    """None for what an older or newer coder kept: then one logs in again."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    tokens, client, expires = fields.get("tokens"), fields.get("client"), fields.get("expires")
    authority, resource = fields.get("authority"), fields.get("resource")
    if not isinstance(tokens, dict) or not isinstance(client, dict) or not isinstance(tokens.get("access_token"), str):
        return None
    return Grant(
        tokens,
        client,
        _seconds(expires),
        authority if isinstance(authority, dict) else None,
        resource if isinstance(resource, dict) else None,
    )


def _seconds(value: object) -> float | None:
    with suppress(OverflowError):  # a number may have any size
        return float(value) if isinstance(value, int | float) else None
    return None
