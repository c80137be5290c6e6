"""`coder hooks`: list what runs when, and try it. Must not know how a hook is run, or what its words mean."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli.plugin_notices import tell
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.core.messages import Json
    from coder.hooks.points import Point

_MOST = 4_000_000  # bytes of an input

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Cwd = Annotated[str | None, typer.Option("--cwd", help="The folder; default: the current one.")]
_Plugins = Annotated[
    list[str] | None, typer.Option("--plugin-dir", help="Also a plugin: its folder or .zip. Can be repeated.")
]
_Settings = Annotated[str | None, typer.Option(help="A settings file, or JSON.")]


@app.callback()
def hooks() -> None:
    """See which hooks run here and why one does not, and try them. docs/hooks.md tells how to write one."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us


@app.command("list")
def list_hooks(
    cwd: _Cwd = None, settings: _Settings = None, plugin_dir: _Plugins = None, as_json: _Json = False
) -> None:
    """Show every hook of the settings files here: when it runs, whose it is, and why it does not count, if so."""
    from coder.app.hooking.rows import hook_rows
    from coder.app.policy import standing
    from coder.cli.hooks_page import list_lines, rows_json
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home

    flags = Flags(cwd=cwd, settings=settings, plugin_dirs=tuple(plugin_dir or ()), headless=False)
    config = standing(flags, os.environ, current_folder()).config
    rows, warnings = hook_rows(config, os.environ)
    tell(config)
    if as_json:
        print(json.dumps({"cwd": str(config.cwd), "hooks": rows_json(rows), "warnings": warnings}, indent=2))
    else:
        print("\n".join(list_lines(rows, warnings, config.cwd, user_home(os.environ))))


@app.command("test")
def test(
    event: Annotated[str, typer.Argument(help="Such as PreToolUse.", show_default=False)],
    input: Annotated[
        str | None, typer.Option("--input", help="A file with the JSON that hooks are given; - is standard input.")
    ] = None,
    cwd: _Cwd = None,
    settings: _Settings = None,
    plugin_dir: _Plugins = None,
    as_json: _Json = False,
) -> None:
    """Run the hooks of EVENT once and say what coder would do. Without --input they get an example.

    Exit code 0: all ran; 1: one failed; 2: EVENT or the input is wrong.
    """
    from coder.app.hooking.rows import hook_rows
    from coder.app.hooking.trying import tried, whole_input
    from coder.app.policy import standing
    from coder.cli.hooks_page import test_lines, tried_json
    from coder.config.flags import Flags
    from coder.config.paths import current_folder, user_home
    from coder.hooks.inputs import subject_of

    point = _point(event)
    given = _read(input) if input is not None else None
    flags = Flags(cwd=cwd, settings=settings, plugin_dirs=tuple(plugin_dir or ()), headless=False)
    config = standing(flags, os.environ, current_folder()).config
    rows, warnings = hook_rows(config, os.environ)
    tell(config)
    here = [row for row in rows if row.handler.point == point.name]
    whole = whole_input(point, given, config)
    done = asyncio.run(tried(point, whole, config, os.environ))
    if as_json:
        print(json.dumps(tried_json(point, done, here, warnings), indent=2))
    else:
        about = subject_of(whole)
        home = user_home(os.environ)
        print("\n".join(test_lines(point, about, done, here, warnings, config.cwd, home, is_example=given is None)))
    raise typer.Exit(1 if done.failed else 0)


def _point(event: str) -> Point:
    """Raises ConfigError that names the one that was probably meant."""
    from difflib import get_close_matches

    from coder.app.hooking.trying import known
    from coder.hooks.points import POINTS

    if (point := known(event)) is not None:
        return point
    names = {name.lower(): name for name in POINTS}
    near = get_close_matches(event.lower(), names, n=1)
    meant = f" Did you mean {names[near[0]]}?" if near else f" They are: {', '.join(POINTS)}."
    raise ConfigError(f"there is no event {event!r}.{meant}")


def _read(name: str) -> Json:
    from pathlib import Path

    from coder.core.ordinary import read_ordinary

    shown = "standard input" if name == "-" else name
    try:
        data = sys.stdin.buffer.read(_MOST + 1) if name == "-" else read_ordinary(Path(name), _MOST + 1)
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}.") from error
    if len(data) > _MOST:
        raise ConfigError(f"{shown} is larger than {_MOST:,} bytes. Give the input of one event.")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f'{shown} is not valid JSON. Give an object such as {{"tool_name": "Bash"}}.') from error
    if not isinstance(value, dict):
        raise ConfigError(f'{shown} is no JSON object. Give one such as {{"tool_name": "Bash"}}.')
    return value
