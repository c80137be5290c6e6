"""The command line: finds the subcommand or starts a run. Turns expected errors into one line and an exit code."""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from coder.cli import early
from coder.cli.arguments import RunArguments, parse
from coder.cli.spelling import spell_out
from coder.core import loop
from coder.core.config import Config
from coder.core.errors import CoderError, ConfigError, SchemaError, UnknownSession
from coder.core.settling import settle
from coder.core.visible import visible_line
from coder.frontends.exit_codes import FAILED, USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.config.flags import Flags
    from coder.frontends.headless import HeadlessFrontend
    from coder.git.looking import Looking

SUBCOMMANDS = {
    name: f"coder.cli.{name}"
    for name in (
        *("agents", "auth", "batch", "cache", "commands", "config", "context", "cost", "demo", "doctor", "extension"),
        *("hooks", "mcp", "permissions", "replay", "rewind", "sessions", "trust", "undo", "who", "workflow"),
        *("worktree", "ci", "conformance"),
    )
}
_SLASH = re.compile(r"/[A-Za-z][\w.:/-]*(?=\s|$)")
_NO_INPUT = "Input must be provided either through stdin or as a prompt argument when using --print"


def run(argv: list[str]) -> int:
    """Runs coder and returns its exit code. Never raises for what a person or a machine can get wrong."""
    spell_out()
    try:
        if len(argv) == 2 and argv[0] == "help":
            argv = _helped(argv[1])
        if argv and argv[0] in SUBCOMMANDS:
            gc.enable()
            early.give_back()
            try:
                import_module(SUBCOMMANDS[argv[0]]).app(argv[1:], prog_name=f"coder {argv[0]}")
            finally:
                sys.stdout.flush()  # a full disk is to be found out here, not when the interpreter ends
            return 0
        return _start(parse(argv))
    except CoderError as error:
        early.failed(str(error))
        _say(str(error))
        return FAILED if isinstance(error, UnknownSession | SchemaError) else USAGE
    except KeyboardInterrupt:
        return early.interrupted()
    except BrokenPipeError:
        _give_up(1)  # whoever read it has left
        return 1
    except OSError as error:
        what = visible_line(str(error.filename)) if error.filename else "the output cannot be written"
        early.failed(f"{what}: {error.strerror or error}")
        _give_up(1)
        _say(f"{what}: {error.strerror or error}")
        return FAILED
    except Exception as error:  # a bug of ours must still leave one result, and no traceback
        if early.is_of_memory(error):
            raise  # there is none to say so with
        return _crashed(error)


def _keep_logs_off_stderr() -> None:
    """Before a session has its log, and after it, what is logged would land there, tracebacks and all."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def _helped(topic: str) -> list[str]:
    """The command line that gives help on a command. Raises ConfigError for what is none."""
    if topic in SUBCOMMANDS:
        return [topic, "--help"]
    if topic.startswith("-"):
        return ["help", topic]  # a prompt of one word
    raise ConfigError(
        f"there is no help on {visible_line(topic)!r}. `coder help options` lists the flags and commands, "
        "`coder help ci` tells of one, `coder help keys` is for the terminal."
    )


def _crashed(error: Exception) -> int:
    """Before there is a session, or after it: what happens in a run is told by who runs it."""
    import logging

    from coder.frontends.crash import report

    _keep_logs_off_stderr()
    logging.getLogger(__name__).exception("coder failed")
    said = report(error)
    early.failed(said)
    _say(said)
    return FAILED


def _say(text: str) -> None:
    """On a stderr that takes nothing, as on a full disk, it is not said; the exit code stands."""
    try:
        sys.stderr.write(f"coder: {text}\n")
        sys.stderr.flush()
    except OSError:
        _give_up(2)


def _give_up(fd: int) -> None:
    """The interpreter must not flush into the void at exit: its exit code would take the place of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), fd)


def _start(arguments: RunArguments) -> int:
    from coder.cli.stdin import read_piped
    from coder.config.load import load
    from coder.config.paths import current_folder

    _keep_logs_off_stderr()
    if arguments.flags.worktree is not None:
        from coder.cli.worktree_run import in_worktree

        return in_worktree(arguments, _start)
    if not arguments.print_mode:
        from coder.cli import interactive

        early.give_back()
        _check_name(arguments.prompt)
        return interactive.start(arguments)
    if arguments.streaming.is_driven:
        from coder.cli import streaming

        return streaming.start(arguments)
    config = load(arguments.flags, os.environ, current_folder())
    if arguments.init_only:
        return loop.run(_run_setup(arguments, config))
    if arguments.flags.resume == "":
        from coder.app.starting import unnamed

        raise unnamed(config)  # before anything is waited for: there is nothing to send a prompt to
    said = None if arguments.prompt == "-" else arguments.prompt  # as other programs call their standard input
    piped = read_piped(needed=said is None)
    parts = [part for part in (piped.strip("\n"), said) if part and part.strip()]
    if not parts:
        raise ConfigError(_NO_INPUT)
    has_commands = config.guidance.commands and _SLASH.match(parts[-1].lstrip()) is not None
    # What is piped is what a command is to work on.
    prompt = "\n\n".join(reversed(parts) if has_commands else parts)
    if has_commands:
        prompt = prompt.lstrip()  # wherever else a line is looked at, what stands before a slash counts for nothing
        _check_command(prompt, arguments.flags)
    looking = _looking(config)
    try:
        return loop.run(_run(arguments, config, prompt, looking))
    finally:
        if looking is not None:
            looking.end()


def _looking(config: Config) -> Looking | None:
    """git is asked from now on, while the rest is loaded."""
    if not config.guidance.git:
        return None
    from coder.git.repository import repository_of

    if repository_of(config.cwd) is None:
        return None
    from coder.git.looking import begin

    return begin(config)


def _check_command(prompt: str, flags: Flags) -> None:
    """Raises ConfigError for a command of the session that has none to work on."""
    from coder.frontends.commands import is_command

    if is_command(prompt) and not (flags.continue_ or flags.resume is not None):
        raise ConfigError(f"{prompt.split()[0]} needs a conversation: add -c for the last one here, or -r SESSION.")


async def _run(arguments: RunArguments, config: Config, prompt: str, looking: Looking | None) -> int:
    import asyncio

    from coder.app.build import open_session
    from coder.app.reload import Reload
    from coder.config.paths import current_folder
    from coder.frontends import headless
    from coder.frontends.slash.registry import reserved

    with headless.Watch() as watch:
        try:
            async with AsyncExitStack() as stack:
                config = await through_replay(stack, arguments, config)
                frontend = frontend_of(arguments, config.env)
                flags = arguments.flags
                session = await open_session(
                    config,
                    frontend,
                    start=which_session(flags),
                    reload=Reload(flags, os.environ, current_folder()),
                    reserved=reserved(),
                    looking=looking,
                    mirror=getattr(frontend, "mirrored", None) if arguments.streaming.mirrors else None,
                )
                settle()
                has_commands = config.guidance.commands
                if has_commands and prompt.startswith("/"):
                    await _check_name_of_command(session, prompt)
                early.over()
                return await headless.run(
                    session, frontend, prompt, config.time_budget, has_commands=has_commands, watch=watch
                )
        except asyncio.CancelledError:
            if watch.caught is None:
                raise
            return early.interrupted(watch.caught)


async def _run_setup(arguments: RunArguments, config: Config) -> int:
    """What hooks do where a session is set up and begins, and no session. Says what goes wrong, and nothing else."""
    from coder.app.build import open_session

    frontend = frontend_of(arguments)
    session = await open_session(config, frontend, start=which_session(arguments.flags))
    session.points.leaving = ""
    try:
        if arguments.output_format == "text":
            frontend.begin(session)
        await session.points.began()
    finally:
        await session.aclose()
    return 0


async def _check_name_of_command(session: Session, prompt: str) -> None:
    """Raises ConfigError for a command that there is none of; the session is closed then."""
    from coder.frontends.commands import unknown

    if problem := unknown(session, prompt):
        await session.aclose()
        raise ConfigError(problem)


def which_session(flags: Flags) -> Start:
    from coder.app.starting import Start

    return Start(
        session_id=flags.session_id,
        resume=flags.resume,
        continue_latest=flags.continue_,
        fork=flags.fork_session,
        at=flags.resume_session_at,
        drops_turn=flags.resume_drops_turn,
        name=flags.name,
        keeps_model=flags.model is None and not os.environ.get("ANTHROPIC_MODEL"),
    )


async def through_replay(stack: AsyncExitStack, arguments: RunArguments, config: Config) -> Config:
    """The configuration with its endpoint behind a recording proxy or a player, where that was asked for."""
    model, roots = config.model, {"cwd": str(config.cwd)}
    if arguments.replay is None and arguments.record is None and model.name == "demo":
        from coder.app.demo_model import demo_serving, with_demo_model

        return with_demo_model(config, await stack.enter_async_context(demo_serving(config.cwd)))
    if arguments.replay is not None:
        from coder.replay.run import serving

        url = await stack.enter_async_context(serving(arguments.replay, roots=roots))
        model = replace(
            model, base_url=url, api_key="replay", auth_token="", transport="wire", provider="anthropic", is_replay=True
        )
    elif arguments.record is not None:
        from coder.replay.run import recording

        url = await stack.enter_async_context(recording(arguments.record, model.base_url, roots=roots))
        model = replace(model, base_url=url)
    return replace(config, model=model)


def frontend_of(arguments: RunArguments, env: Mapping[str, str] = os.environ) -> HeadlessFrontend:
    """Raises ConfigError for a variable that cannot be understood."""
    if arguments.output_format == "text":
        from coder.frontends.text import TextOut

        return TextOut(sys.stdout, sys.stderr, verbose=arguments.flags.verbose)
    from coder.config.environment import switch
    from coder.frontends.stream_json.out import JsonOut, StreamJsonOut
    from coder.frontends.stream_json.shows import Shows, room_of

    if arguments.output_format == "stream-json":
        flags = arguments.flags
        forwards = flags.forward_subagent_text or switch(env, "CLAUDE_CODE_FORWARD_SUBAGENT_TEXT")
        shows = Shows(
            hook_events=flags.hook_events,
            forwards_agents=forwards,
            partial=arguments.streaming.partial,
            states=switch(env, "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS"),
            asks_tool=bool(flags.permission_prompt_tool),
            room=room_of(env, is_hosted=False),
        )
        return StreamJsonOut(sys.stdout.fileno(), shows)
    return JsonOut(sys.stdout.fileno())


def _check_name(prompt: str | None) -> None:
    """Raises ConfigError for one word that is nearly the name of a subcommand: it is no first message."""
    from difflib import get_close_matches

    if prompt and re.fullmatch(r"[a-z]{2,12}", prompt) and (near := get_close_matches(prompt, SUBCOMMANDS, n=1)):
        raise ConfigError(f"there is no command {prompt!r}. Did you mean coder {near[0]}?")
