"""`coder --input-format stream-json`: a process that a program talks to. What its sessions are made of; must not know
the protocol.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace

from coder.app.build import open_session
from coder.app.reload import Reload
from coder.app.session import Session
from coder.app.starting import Start, unnamed
from coder.cli import early
from coder.cli.arguments import RunArguments
from coder.config.environment import switch
from coder.config.flags import Flags
from coder.core import loop
from coder.core.config import Config
from coder.core.settling import settle
from coder.frontends.slash.registry import reserved
from coder.frontends.stream_json.callbacks.callbacks import Callbacks
from coder.frontends.stream_json.callbacks.initializing import Initialize
from coder.frontends.stream_json.control import Answer
from coder.frontends.stream_json.host import Host
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Wanted
from coder.frontends.stream_json.queries.answering import answers_of as queries_of
from coder.frontends.stream_json.queries.around import Around
from coder.frontends.stream_json.shows import Shows, room_of


def start(arguments: RunArguments) -> int:
    """The whole life of the process. Returns its exit code. Raises CoderError."""
    from coder.config.load import load
    from coder.config.paths import current_folder

    config = load(arguments.flags, os.environ, current_folder())
    if arguments.flags.resume == "":
        raise unnamed(config)  # before anything is waited for
    return loop.run(_run(arguments, config))


async def _run(arguments: RunArguments, config: Config) -> int:
    from coder.cli.main import through_replay

    async with AsyncExitStack() as stack:
        config = await through_replay(stack, arguments, config)
        out = _out(arguments, config)
        callbacks = Callbacks(config, awaits=arguments.streaming.awaits)
        opener = _Opener(arguments, config, out, callbacks)
        fd = sys.stdin.fileno() if sys.stdin is not None else None

        around = Around(config, arguments.flags.settings)

        def more(host: Host) -> dict[str, Answer]:
            return {**queries_of(host.seat.settled, around), **callbacks.attach(host)}

        host = Host(opener.open, out, fd, config, os.environ, more)
        host.turns.suggesting.is_on = arguments.streaming.suggests
        early.over()
        return await host.run()


def _out(arguments: RunArguments, config: Config) -> HostOut:
    """Raises ConfigError for a variable that cannot be understood."""
    flags = arguments.flags
    shows = Shows(
        hook_events=flags.hook_events,
        forwards_agents=flags.forward_subagent_text or switch(config.env, "CLAUDE_CODE_FORWARD_SUBAGENT_TEXT"),
        partial=arguments.streaming.partial,
        states=switch({**os.environ, **config.env}, "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS"),
        replays=arguments.streaming.replays,
        room=room_of({**os.environ, **config.env}, is_hosted=True),
    )
    return HostOut(sys.stdout.fileno(), shows)


class _Opener:
    def __init__(self, arguments: RunArguments, config: Config, out: HostOut, callbacks: Callbacks) -> None:
        self._arguments = arguments
        self._config = config
        self._out = out
        self._callbacks = callbacks

    async def open(self, wanted: Wanted) -> Session:
        """Raises CoderError."""
        from coder.config.paths import current_folder

        flags, config = self._with(await self._callbacks.told(), wanted.plugins)
        config = self._callbacks.configured(config)
        if wanted.mode is not None:
            config = replace(config, mode=wanted.mode)
        if wanted.model is not None:
            config = replace(config, model=replace(config.model, name=wanted.model))
        reload = Reload(flags, os.environ, current_folder(), is_late=wanted.start is not None)  # after /clear
        session = await open_session(
            config,
            self._out,
            start=wanted.start or self._callbacks.started(self._start()),
            reload=self._callbacks.renewing(reload),
            reserved=reserved(),
            hosted=self._callbacks.hosted,
            mirror=self._out.mirrored if self._arguments.streaming.mirrors else None,
        )
        settle()
        return session

    def _with(self, told: Initialize | None, plugins: Mapping[str, bool]) -> tuple[Flags, Config]:
        """What holds where the host named servers or plugins, not the command line; `plugins` are those that it named
        since. Raises CoderError."""
        from coder.config.load import load
        from coder.config.paths import current_folder

        flags = self._arguments.flags
        told = told or Initialize()
        if told.started is None and not told.plugins and not plugins:
            return flags, self._config
        servers = () if told.started is None else (json.dumps({"mcpServers": told.started}),)
        without_servers = (*told.plugins_without_servers, *(path for path, wanted in plugins.items() if not wanted))
        flags = replace(
            flags,
            mcp_config=(*flags.mcp_config, *servers),
            plugin_dirs=(*flags.plugin_dirs, *told.plugins, *plugins),
            plugin_dirs_without_servers=(*flags.plugin_dirs_without_servers, *without_servers),
        )
        env = {**os.environ, "ANTHROPIC_API_KEY": "unused"}  # no key is looked for once more
        found = load(flags, env, current_folder())
        said = [each for each in found.warnings if each not in self._config.warnings]
        warnings = (*self._config.warnings, *said)
        return flags, replace(self._config, servers=found.servers, plugins=found.plugins, warnings=warnings)

    def _start(self) -> Start:
        from coder.cli.main import which_session

        return which_session(self._arguments.flags)
