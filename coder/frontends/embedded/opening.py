"""A session of a program, opened from its options. Must not know what is asked of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.app.build import open_session
from coder.app.outset import Outset
from coder.app.reload import Reload
from coder.app.session import Session
from coder.app.starting import Start
from coder.config.load import load
from coder.config.paths import current_folder
from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.frontends.embedded.answering import form_of
from coder.frontends.embedded.channel import Functions
from coder.frontends.embedded.front import Front
from coder.frontends.embedded.functions import tools_of
from coder.frontends.embedded.options import Options
from coder.frontends.slash.registry import reserved
from coder.mcp.server import Server

if TYPE_CHECKING:
    from coder.app.reach import connecting
    from coder.app.reach.linking import Connect, Linking
    from coder.mcp.link import Host
else:  # for sessions with servers
    connecting = LazyModule("coder.app.reach.connecting")


async def opened(options: Options, front: Front) -> Session:
    """Raises CoderError that says which option or setting is wrong. Contacts nothing."""
    functions = Functions(tools_of(tuple(options.tools)))
    front.own_tools = functions.names
    flags = options.flags(functions.rules)
    env = {**os.environ, **options.env}
    here = current_folder()
    config = await asyncio.to_thread(load, flags, env, here)
    if (form := form_of(options.answer)) is not None:
        config = replace(config, json_schema=form)

    parts: list[Outset] = []

    def servers() -> Sequence[Server]:
        return (functions.server,) if options.tools else ()

    return await open_session(
        config,
        front,
        start=Start(
            session_id=options.session_id,
            resume=options.resume,
            continue_latest=options.continue_latest,
            fork=options.fork,
            keeps_model=options.model is None and not env.get("ANTHROPIC_MODEL"),
        ),
        reload=Reload(flags, env, here),
        reserved=reserved(),
        more_servers=servers,
        connect=_connect(config, env, functions, parts),
        handed=lambda begun, made: parts.append(begun),
        logs=False,
    )


def _connect(config: Config, env: Mapping[str, str], functions: Functions, parts: Sequence[Outset]) -> Connect:
    """As every session connects to its servers, and to the functions of the program. The parts are there before the
    first server is begun."""

    def connect(servers: Sequence[Server], host: Host) -> Linking:
        def mind(group: int, begins: bool) -> None:
            parts[0].ground.workspace.mind(group, begins)

        def marks() -> Mapping[str, str]:
            return parts[0].ground.workspace.marks()

        place = connecting.place_of(config.home, config.cwd, env, mind, marks)
        made: Linking = connecting.connecting(place, functions, connecting.logins_of(config, env))(servers, host)
        return made

    return connect
