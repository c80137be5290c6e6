"""`coder agents`: which agents there are, and what one of them is. Must not know what files say or how pages look."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli.plugin_notices import tell
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.app.policy import Standing
    from coder.app.subagents.rows import RosterShelf

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Cwd = Annotated[str | None, typer.Option("--cwd", help="The folder; default: the current one.")]
_Plugins = Annotated[
    list[str] | None, typer.Option("--plugin-dir", help="Also a plugin: its folder or .zip. Can be repeated.")
]


@app.callback(invoke_without_command=True)
def agents(context: typer.Context, as_json: _Json = False, cwd: _Cwd = None, plugin_dir: _Plugins = None) -> None:
    """Show which agents the model may ask in this folder, whose they are, and what is wrong in their files.

    Nothing is run and no model is asked. docs/agents.md tells how to write one. Exit code 1: a file has an error.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us
    if context.invoked_subcommand is not None:
        return
    from coder.cli.agents_page import has_errors, list_lines, plain_lines, shelf_json
    from coder.config.paths import user_home

    found, shelf = _shelf(cwd, plugin_dir)
    home = user_home(os.environ)
    if as_json:
        print(json.dumps(shelf_json(shelf, found.config.cwd), indent=2))
    else:
        lines = list_lines if sys.stdout.isatty() else plain_lines
        print("\n".join(lines(shelf, found.config.cwd, home)))
    raise typer.Exit(1 if has_errors(shelf) else 0)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Such as Explore.", show_default=False)],
    raw: Annotated[bool, typer.Option("--raw", help="Its file as it is: a beginning for one of your own.")] = False,
    cwd: _Cwd = None,
    plugin_dir: _Plugins = None,
    as_json: _Json = False,
) -> None:
    """Say what NAME is, what it has, what of its file does not count here, and what it is told."""
    from coder.cli.agents_page import row_json, show_lines
    from coder.commands.suggest import near
    from coder.config.paths import user_home
    from coder.core.visible import visible_line

    found, shelf = _shelf(cwd, plugin_dir)
    row = shelf.find(name)
    if row is None:
        meant = near(name, [each.agent.name for each in shelf.rows])
        hint = f"Did you mean {visible_line(meant[0])}?" if meant else "See them all: coder agents"
        raise ConfigError(f"there is no agent {visible_line(name)[:80]!r}. {hint}")
    if raw:
        _print_raw(row.agent.name, str(row.agent.file), is_ours=row.agent.origin == "built-in")
    elif as_json:
        print(json.dumps(row_json(row), indent=2))
    else:
        print("\n".join(show_lines(row, found.config.cwd, user_home(os.environ))))


def _shelf(cwd: str | None, plugin_dirs: list[str] | None) -> tuple[Standing, RosterShelf]:
    from coder.app.policy import standing
    from coder.app.subagents.rows import roster_shelf
    from coder.config.flags import Flags
    from coder.config.paths import current_folder

    found = standing(Flags(cwd=cwd, plugin_dirs=tuple(plugin_dirs or ()), headless=False), os.environ, current_folder())
    tell(found.config)
    return found, roster_shelf(found.config, os.environ)


def _print_raw(name: str, file: str, *, is_ours: bool) -> None:
    """Ours without the remark on its first line."""
    from pathlib import Path

    from coder.cli.raw_file import print_raw, read_raw
    from coder.core import prompts

    print_raw(f"{prompts.load(f'agents/{name}')}\n".encode() if is_ours else read_raw(Path(file)))
