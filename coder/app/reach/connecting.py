"""The servers of a session for real. Knows where they run, what they keep, and who ends what outlives coder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.reach.linking import Connect, Linking
from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.mcp.link import Channel, Host
from coder.mcp.links import Links
from coder.mcp.place import Marks, Mind, Place, unmarked, unminded
from coder.mcp.server import Server

if TYPE_CHECKING:
    from coder.mcp import logins
    from coder.mcp.credentials import Credentials, CredentialsOf
    from coder.vault import vault
else:  # for servers at an address
    logins, vault = LazyModule("coder.mcp.logins"), LazyModule("coder.vault.vault")


def logins_of(config: Config, env: Mapping[str, str]) -> CredentialsOf:
    """The logins that the person keeps, and what the helpers of entries print. Nothing is loaded before one is asked
    for."""
    trusted = config.trust is None or not config.trust.own_off
    made: list[CredentialsOf] = []

    async def credentials(server: Server) -> Credentials:
        if not made:
            made.append(logins.credentials_of(vault.Vault(config.home, env), config.cwd, env, trusted=trusted))
        return await made[0](server)

    return credentials


def place_of(home: Path, cwd: Path, env: Mapping[str, str], mind: Mind = unminded, marks: Marks = unmarked) -> Place:
    """`home` is where coder keeps what it writes."""
    return Place(cwd, home / "cache" / "mcp", home / "logs" / "mcp", env, mind, marks)


def connecting(place: Place, channel: Channel | None = None, credentials: CredentialsOf | None = None) -> Connect:
    """Makes the links, and begins nothing. `channel` reaches servers in the program that embeds us."""

    def connect(servers: Sequence[Server], host: Host) -> Linking:
        return Links(servers, host, place, channel, credentials)

    return connect
