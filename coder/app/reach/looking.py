"""How servers are doing, outside a session: each is asked once, and ended again. Must not know who wants to know."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from coder.app.reach.catalogue import wait_for_all
from coder.app.reach.connecting import connecting, place_of
from coder.app.reach.extending import Extensions, joined
from coder.app.reach.host import SessionHost
from coder.core.config import Config
from coder.mcp.credentials import CredentialsOf, no_credentials
from coder.mcp.link import Link
from coder.mcp.server import Offer, Server, Standing
from coder.workspace.local import LocalWorkspace


async def look(
    servers: Sequence[Server],
    config: Config,
    credentials: CredentialsOf = no_credentials,
    extensions: Extensions | None = None,
) -> list[tuple[Server, Standing, Offer]]:
    """`servers` may be those of `extensions` too. Each server with its standing and what it offers, all side by
    side, each until its deadline. Never raises."""
    logging.getLogger("coder").addHandler(logging.NullHandler())  # what servers tell of themselves is nobody's answer
    env = {**os.environ, **config.env}
    workspace = LocalWorkspace(config.cwd, config.add_dirs, env)
    host = SessionHost(lambda: tuple[Path, ...](workspace.roots), _unheard)
    place = place_of(config.home, config.cwd, env, workspace.mind, workspace.marks)
    connect = connecting(place, None, credentials)
    linking = (connect if extensions is None else joined(connect, extensions))(servers, host)
    try:
        linking.start()
        await wait_for_all([link.ready() for link in linking.links])
        return [(link.server, link.standing, link.offer) for link in linking.links]
    finally:
        await linking.aclose()
        await workspace.aclose()


def _unheard(link: Link) -> None:
    pass
