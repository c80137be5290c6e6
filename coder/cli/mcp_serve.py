"""`coder mcp serve`: our tools for other programs, over standard input and output. Must not know the protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli.arguments import RunArguments, parse
from coder.config.load import load
from coder.config.paths import current_folder, user_home
from coder.core.config import Config
from coder.core.errors import CoderError, ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.app.reach.serving import Serving
    from coder.mcp.own_streams import OwnStreams

_HELP = """Let another program use coder's tools here, over standard input and output (MCP).

The same rules, hooks and checkpoints hold as for a model. A call that needs a question is put to the person in front
of that program, where it can show them one, and is denied otherwise. docs/mcp_serve.md tells more.

The flags are those of a run that decide what may be done: --permission-mode, --allowedTools, --disallowedTools,
--add-dir, --settings, --setting-sources, --trust-folder, --cwd, --bare, --safe-mode, --session-id, -n NAME,
--no-session-persistence; and --tools "Read,Grep" for those tools alone.
"""
_LARGEST = 1 << 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TAKES_ANY = {"ignore_unknown_options": True, "allow_extra_args": True}
Flags = Annotated[list[str] | None, typer.Argument(metavar="[FLAG]...", show_default=False, help="As for coder -p.")]


def register(app: typer.Typer) -> None:
    app.command(
        "serve", help=_HELP, short_help="Let another program use coder's tools here.", context_settings=_TAKES_ANY
    )(serve)


def serve(flags: Flags = None) -> None:
    given, tools = _tools(list(flags or ()))
    arguments = parse(given)
    _check(arguments)
    config = load(arguments.flags, os.environ, current_folder())
    if code := asyncio.run(_serve(config, arguments, tools)):
        raise typer.Exit(code)


async def _serve(config: Config, arguments: RunArguments, tools: Sequence[str] | None) -> int:
    """Returns the exit code. Standard output is the protocol's from here on."""
    from coder.app.reach.serving import serving
    from coder.app.reload import Reload
    from coder.cli.main import which_session
    from coder.frontends.dialog_making import Facts
    from coder.frontends.elicited import form_for
    from coder.mcp.own_streams import OwnStreams, claimed
    from coder.mcp.serving import load as load_protocol

    reads, writes = claimed()  # before anything is started that could read or print there
    loading = asyncio.create_task(load_protocol())  # most of a second, beside the rest
    facts = Facts(config.cwd, user_home(os.environ), _text_of)
    async with serving(
        config,
        which_session(arguments.flags),
        lambda request, client: form_for(request, client, facts),
        _say,
        Reload(arguments.flags, os.environ, current_folder()),
        tools,
    ) as served:
        await loading
        _greet(served, is_terminal=os.isatty(reads))
        return await _until_left(served, OwnStreams(reads, writes))


async def _until_left(served: Serving, streams: OwnStreams) -> int:
    from coder import __version__
    from coder.mcp import serving as protocol

    face = protocol.Face(__version__, served.instructions)
    working = asyncio.create_task(protocol.serve(served, face, streams))
    caught: list[int] = []

    def end(number: int) -> None:
        caught.append(number)
        working.cancel()

    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, end, each)
    await asyncio.wait({working})
    if caught:
        return 128 + caught[0]
    working.result()
    if streams.problem:
        raise CoderError(f"the client was left: {streams.problem}. Start coder mcp serve again.")
    return 0


def _greet(served: Serving, *, is_terminal: bool) -> None:
    facts = served.session.facts
    names, where = ", ".join(served.names), visible_line(str(facts.cwd))
    _say(f"serving {names} in {where} over MCP ({facts.mode}).")
    if facts.transcript is not None and served.session.checkpoints is not None and served.session.checkpoints.enabled:
        _say(f"what is changed can be taken back: coder rewind {facts.session_id} --files")
    if is_terminal:
        _say("this speaks to a program, not to a person. ctrl+d ends it.")


def _say(text: str) -> None:
    print(f"coder: {visible_line(text)}", file=sys.stderr, flush=True)


def _tools(argv: list[str]) -> tuple[list[str], list[str] | None]:
    """The flags without `--tools`, and the names it gives; None when it is not given. Raises ConfigError."""
    rest: list[str] = []
    named: list[str] | None = None
    words = iter(argv)
    for word in words:
        if word == "--tools":
            if (value := next(words, None)) is None:
                raise ConfigError('--tools expects names, such as --tools "Read,Grep".')
        elif word.startswith("--tools="):
            value = word.removeprefix("--tools=")
        else:
            rest.append(word)
            continue
        named = [*(named or ()), *value.replace(",", " ").split()]
    return rest, named


def _check(arguments: RunArguments) -> None:
    """Raises ConfigError for what has no meaning without a model."""
    flags = arguments.flags
    if arguments.prompt is not None:
        raise ConfigError(f"coder mcp serve takes no prompt: {visible_line(arguments.prompt)[:80]}. Leave it out.")
    senseless = {
        "--print": arguments.print_mode,
        "--output-format": arguments.output_format != "text",
        "--record": arguments.record,
        "--replay": arguments.replay,
        "--resume": flags.resume is not None,
        "--continue": flags.continue_,
        "--worktree": flags.worktree is not None,
        "--check": flags.check,
        "--require-mcp": flags.require_mcp,
        "--mcp-config": flags.mcp_config,
    }
    if wrong := next((name for name, is_given in senseless.items() if is_given), ""):
        raise ConfigError(f"coder mcp serve takes no {wrong}: it asks no model. See: coder mcp serve --help")


def _text_of(path: Path) -> str | None:
    """None without a file. A pipe or a device has no text: to read one could take for ever."""
    try:
        return read_ordinary(path, _LARGEST).decode("utf-8", "replace")
    except OSError:
        return "" if path.exists() and not path.is_file() else None
