"""Which credentials a server is shown in a session: those of its entry, of its helper, or of the login that is kept.
Must not know connections. Opens no browser.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.mcp import header_helper
from coder.mcp.credentials import Credentials, CredentialsOf
from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server
from coder.vault.vault import Vault

if TYPE_CHECKING:
    from coder.mcp import given, oauth
else:
    given = LazyModule("coder.mcp.given")
    oauth = LazyModule("coder.mcp.oauth")

_FOLDERS = ("project", "local")  # what a folder brings


def credentials_of(
    vault: Vault,
    cwd: Path,
    env: Mapping[str, str],
    *,
    trusted: bool,
    now: Callable[[], float] = time.time,
) -> CredentialsOf:
    """`trusted`: the folder may have commands run. `now` is the clock that a token's end is told by."""

    async def credentials(server: Server) -> Credentials:
        return await credentials_for(server, vault, cwd, env, trusted=trusted, now=now)

    return credentials


async def credentials_for(
    server: Server,
    vault: Vault,
    cwd: Path,
    env: Mapping[str, str],
    *,
    trusted: bool,
    now: Callable[[], float] = time.time,
) -> Credentials:
    """Raises ServerError. Whoever gives an Authorization header of their own gets no login beside it."""
    transport = server.transport
    if not isinstance(transport, Http):
        return Credentials()
    if transport.helper and server.scope in _FOLDERS and not trusted:
        raise ServerError("is not asked: headersHelper not run, for this folder is not trusted (coder trust)")
    # Elsewhere than in the project, where a name without a path could be the repository's own program.
    place = cwd if server.scope in _FOLDERS else Path(env.get("HOME") or "/")
    helped = await header_helper.headers_of(server, place, env)
    names = {name.lower() for name in (*transport.headers, *helped)}
    if "authorization" in names or transport.kind == "ws":
        signed = given.GivenAuth(server, lambda: header_helper.headers_of(server, place, env))
        return Credentials(helped, signed, lambda: signed.refused)
    # The library takes most of a second to load: not in the loop.
    await asyncio.to_thread(importlib.import_module, "coder.mcp.oauth")
    login = oauth.SessionAuth(server, vault, now)
    return Credentials(helped, login, lambda: login.refused)
