"""`coder --input-format stream-json`: a process that a program talks to. What its sessions are made of; must not know
the protocol.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import replace

from coder.app.build import open_session
from coder.app.reload import Reload
from coder.app.session import Session
from coder.app.starting import Start, unnamed
from coder.cli.arguments import RunArguments
from coder.config.environment import switch
from coder.core import loop
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.frontends.slash.registry import reserved
from coder.frontends.stream_json.host import Host
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Wanted


def start(arguments: RunArguments) -> int:
    """The whole life of the process. Returns its exit code. Raises CoderError."""
    from coder.config.load import load
    from coder.config.paths import current_folder

    if arguments.output_format != "stream-json":
        raise ConfigError("--input-format stream-json needs --output-format stream-json: add it.")
    if arguments.prompt is not None:
        raise ConfigError("with --input-format stream-json prompts come over standard input: leave the one here out.")
    config = load(arguments.flags, os.environ, current_folder())
    if arguments.flags.resume == "":
        raise unnamed(config)  # before anything is waited for
    return loop.run(_run(arguments, config))


async def _run(arguments: RunArguments, config: Config) -> int:
    from coder.cli.main import through_replay

    async with AsyncExitStack() as stack:
        config = await through_replay(stack, arguments, config)
        out = _out(arguments, config)
        opener = _Opener(arguments, config, out)
        fd = sys.stdin.fileno() if sys.stdin is not None else None
        return await Host(opener.open, out, fd, config, os.environ).run()


def _out(arguments: RunArguments, config: Config) -> HostOut:
    """Raises ConfigError for a variable that cannot be understood."""
    flags = arguments.flags
    return HostOut(
        sys.stdout.fileno(),
        hook_events=flags.hook_events,
        forwards_agents=flags.forward_subagent_text or switch(config.env, "CLAUDE_CODE_FORWARD_SUBAGENT_TEXT"),
        replays=arguments.replay_user_messages,
    )


class _Opener:
    def __init__(self, arguments: RunArguments, config: Config, out: HostOut) -> None:
        self._arguments = arguments
        self._config = config
        self._out = out

    async def open(self, wanted: Wanted) -> Session:
        """Raises CoderError."""
        from coder.config.paths import current_folder

        config = self._config
        if wanted.mode is not None:
            config = replace(config, mode=wanted.mode)
        if wanted.model is not None:
            config = replace(config, model=replace(config.model, name=wanted.model))
        session = await open_session(
            config,
            self._out,
            start=wanted.start or self._start(),
            reload=Reload(self._arguments.flags, os.environ, current_folder()),
            reserved=reserved(),
        )
        gc.freeze()
        gc.enable()
        return session

    def _start(self) -> Start:
        from coder.cli.main import which_session

        return which_session(self._arguments.flags)
