"""The servers of a session for real. Knows where they run, what they keep, and who is told when they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coder.app.reach.linking import Connect, Linking
from coder.core.config import Config
from coder.mcp.link import Host
from coder.mcp.server import Server


def connecting(config: Config, env: Mapping[str, str]) -> Connect:
    """Makes the links, and begins nothing."""

    def connect(servers: Sequence[Server], host: Host) -> Linking:
        raise NotImplementedError

    return connect
