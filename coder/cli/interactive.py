"""`coder` without -p: which front end a terminal gets, and what it is given. Must not know how one looks."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from coder import __version__
from coder.cli.arguments import RunArguments
from coder.core import loop
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.settling import settle
from coder.frontends.spoken.why import plain_because

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.core.frontend import Frontend
    from coder.frontends.desk import Ui
    from coder.frontends.repl.opening import Opening

_NO_TERMINAL = 'this is no terminal to talk in. Use coder -p "what to do" in scripts and pipes.'


def start(arguments: RunArguments) -> int:
    """The whole interactive session. Returns its exit code. Raises CoderError."""
    from coder.config.load import load
    from coder.config.paths import current_folder

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(_NO_TERMINAL)
    config = _with_plugins(load(arguments.flags, os.environ, current_folder()))
    code = loop.run(_run(arguments, config))
    try:
        sys.stdout.flush()
    except OSError:  # the terminal is gone: what was to be said on it must not fail once more at the very end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


async def _run(arguments: RunArguments, config: Config) -> int:
    async with AsyncExitStack() as stack:
        opener = _Opener(arguments, stack)
        config = await opener.served(config)
        if why := plain_because(arguments.screen_reader, os.environ, config.interface):
            return await opener.speak(config, why)
        from coder.frontends.repl import app

        return await app.run(opener.opening(config))


class _Opener:
    """Makes sessions, and settings that are served: the demo model and recordings have an endpoint of their own, which
    lives as long as `stack`."""

    def __init__(self, arguments: RunArguments, stack: AsyncExitStack) -> None:
        self._arguments = arguments
        self._stack = stack

    async def served(self, config: Config) -> Config:
        from coder.cli.main import through_replay

        return await through_replay(self._stack, self._arguments, config)

    async def open(self, config: Config, frontend: Frontend, start: Start | None) -> Session:
        """Loads the engine in a thread first: the prompt takes keys meanwhile. Raises CoderError."""
        build = await asyncio.to_thread(import_module, "coder.app.build")
        from coder.app.reload import Reload
        from coder.app.starting import NEW
        from coder.config.paths import current_folder
        from coder.frontends.slash.registry import reserved

        reload = Reload(self._arguments.flags, os.environ, current_folder())
        session: Session = await build.open_session(
            config,
            frontend,
            start=start or NEW,
            reload=reload,
            titles=not config.model.is_replay,
            reserved=reserved(),
        )
        settle()
        return session

    async def reload(self, demo: bool) -> Config:
        """The settings as they are now. Raises ConfigError."""
        from dataclasses import replace

        from coder.config.load import load
        from coder.config.paths import current_folder

        flags = replace(self._arguments.flags, model="demo") if demo else self._arguments.flags
        config = await asyncio.to_thread(load, flags, os.environ, current_folder())
        return await self.served(await asyncio.to_thread(_with_plugins, config))

    async def speak(self, config: Config, why: str) -> int:
        """The session in plain lines."""
        from coder.app.starting import NEW
        from coder.config.paths import user_home
        from coder.frontends import doorstep, session_picker
        from coder.frontends.slash import dispatch
        from coder.frontends.spoken import life

        home = user_home(os.environ)
        chosen: list[Start] = []

        async def prepare(ui: Ui) -> Config | int:
            found = await doorstep.prepare(ui, config, self.reload, os.environ, home)
            if isinstance(found, Config) and self._arguments.flags.resume == "":
                choice = await session_picker.choose(ui, found.home, found.cwd)
                if choice is None:
                    return 0
                chosen.append(choice)
            return found

        async def opens(frontend: Frontend, config: Config, start: Start) -> Session:
            return await self.open(config, frontend, chosen.pop() if chosen else start)

        first = self._arguments.prompt or ""
        start = _start_of(self._arguments) or NEW
        return await life.run(
            opens, prepare, dispatch.run_line, why=why, env=os.environ, home=home, start=start, first=first
        )

    def opening(self, config: Config) -> Opening:
        from coder.config.paths import user_home
        from coder.frontends.repl.opening import Opening

        arguments = self._arguments
        return Opening(
            config=config,
            open=self.open,
            reload=self.reload,
            version=__version__,
            env=os.environ,
            home=user_home(os.environ),
            start=_start_of(arguments),
            chooses=arguments.flags.resume == "",
            prompt=arguments.prompt,
            is_still=arguments.no_animation,
            colour=arguments.color,
        )


def _with_plugins(config: Config) -> Config:
    """Before anything is drawn, for they may bring what is asked about; nothing is loaded for a session without."""
    if config.plugins is None:
        return config
    from coder.app.plugging.late import with_plugins

    return with_plugins(config)


def _start_of(arguments: RunArguments) -> Start | None:
    """None for a new session without wishes: what it takes to begin one is loaded after the first paint."""
    flags = arguments.flags
    wishes = (flags.session_id, flags.resume, flags.name, flags.resume_session_at)
    if flags.resume == "" or not (any(wish is not None for wish in wishes) or flags.continue_ or flags.fork_session):
        return None
    from coder.cli.main import which_session

    return which_session(flags)
