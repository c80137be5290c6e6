"""The servers of a session for real. Knows where they run, what they keep, and who ends what outlives coder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from coder.app.reach.linking import Connect, Linking
from coder.mcp.credentials import CredentialsOf, no_credentials
from coder.mcp.link import Channel, Host
from coder.mcp.links import Links
from coder.mcp.place import Mind, Place, unminded
from coder.mcp.server import Server


def place_of(home: Path, cwd: Path, env: Mapping[str, str], mind: Mind = unminded) -> Place:
    """`home` is where coder keeps what it writes."""
    return Place(cwd, home / "cache" / "mcp", home / "logs" / "mcp", env, mind)


def connecting(place: Place, channel: Channel | None = None, credentials: CredentialsOf = no_credentials) -> Connect:
    """Makes the links, and begins nothing. `channel` reaches servers in the program that embeds us."""

    def connect(servers: Sequence[Server], host: Host) -> Linking:
        return Links(servers, host, place, channel, credentials)

    return connect
