"""What a server at an address is shown to be let in. Made by whoever knows logins; must not know connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from coder.core.dataclass import dataclass
from coder.mcp.errors import ServerError
from coder.mcp.server import Server

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """`headers` join those of the server's entry, and win. `auth` signs each request, and may renew a token as it
    does. `refused` is asked when a connection ended: why the server lets us in no more, as the rest of a sentence about
    it (LoginNeeded: a person has to log in)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    auth: httpx2.Auth | None = None
    refused: Callable[[], ServerError | None] = field(default=lambda: None)


CredentialsOf: TypeAlias = Callable[[Server], Awaitable[Credentials]]
"""Asked before each connection to a server at an address. Raises LoginNeeded, or ServerError with what else is wrong.
It opens no browser: a login is begun by a person, with a command of its own."""


async def no_credentials(server: Server) -> Credentials:
    return Credentials()
