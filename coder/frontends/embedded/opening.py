"""A session of a program, opened from its options. Must not know what is asked of it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import replace

from coder.app.build import open_session
from coder.app.hosted import Hosted
from coder.app.reload import Reload
from coder.app.session import Session
from coder.app.starting import Start
from coder.config.load import load
from coder.config.paths import current_folder
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.frontends.embedded.answering import form_of
from coder.frontends.embedded.channel import Functions
from coder.frontends.embedded.front import Front
from coder.frontends.embedded.functions import tools_of
from coder.frontends.embedded.options import Options
from coder.frontends.slash.registry import reserved
from coder.hooks.surroundings import HostError
from coder.mcp.server import Server

_FLAG = re.compile(r"--([a-z-]+)")
_NAMES = {
    "allowedTools": "allowed_tools",
    "disallowedTools": "disallowed_tools",
    "json-schema": "answer",
    "tools": "builtin_tools",
    "add-dir": "add_dirs",
    "mcp-config": "mcp_servers",
    "fallback-model": "fallback_models",
}


async def opened(options: Options, front: Front) -> Session:
    """Raises CoderError that says which option or setting is wrong. Contacts nothing."""
    try:
        return await _opened(options, front)
    except ConfigError as error:
        if found := _FLAG.match(text := str(error)):
            name = _NAMES.get(found[1], found[1].replace("-", "_"))
            raise type(error)(f"Options.{name}{text[found.end() :]}") from error
        raise


async def _opened(options: Options, front: Front) -> Session:
    functions = Functions(tools_of(tuple(options.tools)))
    front.own_tools = functions.names
    flags = options.flags(functions.rules)
    env = {**os.environ, **options.env}
    here = current_folder()
    config = await asyncio.to_thread(load, flags, env, here)
    if (form := form_of(options.answer)) is not None:
        config = replace(config, json_schema=form)

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
        hosted=Hosted(_no_hooks, functions) if options.tools else None,
        logs=False,
    )


async def _no_hooks(id: str, given: Json) -> Json:
    raise HostError(f"the program has no hook {id}")
