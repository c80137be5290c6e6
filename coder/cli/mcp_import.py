"""`coder mcp import`: servers that another tool has, into a file of ours. Must not know how one is reached."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from coder.cli.mcp_add import ScopeOption, checked_scope, placed, settled
from coder.cli.mcp_page import Row, list_page
from coder.config.flags import Flags
from coder.config.jsonc import plain
from coder.config.jsonfile import parse_object, read_text
from coder.config.load import load
from coder.config.paths import current_folder, expand, user_home
from coder.config.server_write import add, entries
from coder.config.shown import shown
from coder.core.config import Config, ServerSource
from coder.core.errors import ConfigError
from coder.mcp.entries import server_of
from coder.mcp.foreign import Foreign, differing, foreign

_MAC = "Library/Application Support"
_KNOWN = {  # folders are below the home folder, or (".") the current one
    "claude-desktop": (f"~/{_MAC}/Claude/claude_desktop_config.json", "~/.config/Claude/claude_desktop_config.json"),
    "vscode": (".vscode/mcp.json", f"~/{_MAC}/Code/User/mcp.json", "~/.config/Code/User/mcp.json"),
    "cursor": (".cursor/mcp.json", "~/.cursor/mcp.json"),
    "windsurf": ("~/.codeium/windsurf/mcp_config.json",),
    "gemini": (".gemini/settings.json", "~/.gemini/settings.json"),
}
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("add-from-claude-desktop", short_help="Take over those of Claude Desktop.")(add_from_claude_desktop)


def import_(
    source: Annotated[
        str, typer.Argument(metavar="FILE|TOOL", help=f"A JSON file, or {', '.join(_KNOWN)}.", show_default=False)
    ],
    scope: ScopeOption = "local",
    yes: Yes = False,
) -> None:
    """Take over the servers of another tool. It shows them first, and starts none."""
    _take(source, scope, yes=yes)


def add_from_claude_desktop(scope: ScopeOption = "local", yes: Yes = False) -> None:
    """Take over the servers of Claude Desktop: import claude-desktop."""
    _take("claude-desktop", scope, yes=yes)


def _take(source: str, scope: str, *, yes: bool) -> None:
    place = checked_scope(scope)
    config = load(Flags(headless=False), os.environ, current_folder())
    found = list(_servers(source, config))
    spot = placed(place, config)
    taken = entries(spot)
    new: list[Foreign] = []
    for each in found:
        if (why := _why_not(each, config)) or each.name in taken:
            print(f"! {shown(each.called, 80)}: {why or f'there is one of that name in {scope} config'}. Left out.")
        else:
            new.append(each)
    if not new:
        print("There is nothing to add.")
        return
    print(f"To add to {scope} config, {shown(str(spot.path), 1000)}:")
    for each in new:
        server, _ = server_of(ServerSource("", place, {}, config.cwd), each.name, each.entry, {}, config.cwd)
        print("  " + "".join(list_page([Row(each.name, server)])).removesuffix(" - configured"))
        if names := [*each.entry.get("env", ()), *each.entry.get("headers", ())]:
            print(f"    with {shown(', '.join(map(str, names)))}")
        for note in (*each.notes, *settled(each.name, each.entry, config)):
            print(f"    ! {shown(note, 1000)}")
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ConfigError("nobody is there to ask: say it with --yes.")
        typer.confirm("Add them?", default=False, abort=True)
    for each in new:
        add(spot, each.name, each.entry, config.home)
    print(f"Added {len(new)} MCP server{'' if len(new) == 1 else 's'}. See: coder mcp list")


def _servers(source: str, config: Config) -> Iterator[Foreign]:
    """Those of each file there is, the first of a name. Raises ConfigError when there is none."""
    own = user_home(os.environ)
    paths = [expand(name, os.environ, config.cwd) for name in _KNOWN.get(source, (source,))]
    every: list[Foreign] = []
    read = 0
    for path in paths:
        text = read_text(path)
        if text is None:
            continue
        servers = foreign(parse_object(plain(text), str(path)).value)
        read += 1
        if servers is None and source not in _KNOWN:
            raise ConfigError(f'{path} holds no servers: there is no object "mcpServers" or "servers" in it.')
        every += servers or ()
    if not read:
        where = " or ".join(_short(path, own) for path in paths)
        raise ConfigError(f"there is no file {where}. Give a JSON file, or one of {', '.join(_KNOWN)}.")
    yield from differing(tuple(every))


def _why_not(each: Foreign, config: Config) -> str:
    """Why a server cannot be taken over, on its own: the others may be."""
    try:
        list(settled(each.name, each.entry, config))
    except ConfigError as error:
        return str(error).removesuffix(" Nothing was added.").removesuffix(".")
    return ""


def _short(path: Path, own: Path) -> str:
    return f"~/{path.relative_to(own)}" if path.is_relative_to(own) else str(path)
