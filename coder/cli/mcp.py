"""`coder mcp`: which MCP servers there are, and how each one is doing. Must not know how a server is reached."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli import mcp_add, mcp_import, mcp_login, mcp_serve
from coder.cli.fitting import fitting
from coder.cli.mcp_page import Row, as_json, list_page, server_page
from coder.cli.meanwhile import meanwhile
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import current_folder, local_settings
from coder.config.question import notice
from coder.config.server_write import SCOPES, Spot, entries, remove, spots
from coder.config.servers import MCP_FILE
from coder.config.shown import shown
from coder.config.trust import forget_file
from coder.config.write import unset_value
from coder.core import loop
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.mcp.entries import Problem, servers_of
from coder.mcp.server import Offer, Server, Standing

if TYPE_CHECKING:
    from coder.app.reach.extending import Extensions

_HELP = "MCP servers give the model further tools. docs/mcp.md tells where they are configured and what they may do."
_CHOICES = ("enabledMcpjsonServers", "disabledMcpjsonServers", "enableAllProjectMcpServers")
app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a server.")]
mcp_add.register(app)
mcp_import.register(app)
mcp_login.register(app)
mcp_serve.register(app)


@app.command("list", short_help="Every server that counts here, how it is doing.")
def list_(json_: Json = False) -> None:
    """Every server that counts here, and whether it can be reached. It starts each one for that."""
    config = _config()
    servers, problems, extensions = _servers(config)
    rows = _rows(config, servers, extensions)
    if json_:
        print(json.dumps([as_json(row) for row in rows], indent=2))
    else:
        print("\n".join(fitting(line, sys.stdout) for line in list_page(rows)))
    _tell(config, problems)


@app.command("get", short_help="One server: its file, what runs, how it is doing.")
def get(name: Name, json_: Json = False) -> None:
    """One server: where it is configured, what runs, whether it can be reached. Keys are not shown."""
    config = _config()
    servers, problems, extensions = _servers(config)
    wanted = [each for each in servers if each.name == name]
    found = [row for row in _rows(config, wanted, extensions) if row.name == name]
    mine = [problem for problem in problems if problem.server == name]
    if not found:
        raise ConfigError(mine[0].text if mine else _nothing_named(name, [each.name for each in servers]))
    if json_:
        print(json.dumps(as_json(found[0]), indent=2))
    else:
        print("\n".join(fitting(line, sys.stdout) for line in server_page(found[0])))
    _tell(config, mine)


@app.command("remove", short_help="Take a server out of its file.")
def remove_(
    name: Name,
    scope: Annotated[
        str | None, typer.Option("-s", "--scope", help="local, project or user; needed when it stands in several.")
    ] = None,
) -> None:
    """Take a server out of the file it is configured in."""
    if scope is not None and scope not in SCOPES:
        raise ConfigError(f"--scope must be one of {', '.join(SCOPES)}, not {shown(scope, 40)}.")
    config = load(Flags(headless=False), os.environ, current_folder())
    found = [spot for spot in spots(config.home, config.cwd) if scope in (None, spot.scope) and name in entries(spot)]
    if not found:
        elsewhere = [source.origin for source in config.servers.sources if name in source.servers]
        if elsewhere and scope is None:
            raise ConfigError(f"MCP server {shown(name, 80)} stands in {elsewhere[0]}, which coder does not change.")
        if scope is None and name in (each.name for each in _servers(config)[2].servers):
            raise ConfigError(f"{name} is an extension. To remove it: coder extension remove {name}")
        where = "" if scope is None else f" in {scope} config"
        if scope is None:
            known = [each for source in config.servers.sources for each in source.servers]
            raise ConfigError(_nothing_named(name, known))
        raise ConfigError(f'No MCP server found with name: "{shown(name, 80)}"{where}. See: coder mcp list')
    if len({spot.scope for spot in found}) > 1:
        scopes = ", ".join(dict.fromkeys(spot.scope for spot in found))
        raise ConfigError(
            f'MCP server "{name}" exists in several scopes: {scopes}. Say which: coder mcp remove {name} -s SCOPE'
        )
    for spot in found[:1]:
        remove(spot, name)
        print(f"Removed MCP server {shown(name, 80)} from {spot.scope} config\n{_modified(spot)}")


@app.command("reset-project-choices", short_help="Forget what you approved of .mcp.json.")
def reset_project_choices() -> None:
    """Forget which servers of this project's .mcp.json you approved or turned off."""
    config = load(Flags(headless=False), os.environ, current_folder())
    forget_file(config.home, config.cwd, MCP_FILE)
    for key in _CHOICES:
        unset_value(local_settings(config.cwd), key)
    print(f"All approvals and refusals of servers in {MCP_FILE} are forgotten. coder asks again.")


def look(servers: Sequence[Server], config: Config, extensions: Extensions) -> list[tuple[Server, Standing, Offer]]:
    """Each server, asked once how it is doing. Bound late: whoever only adds a server loads no protocol."""
    from coder.app.reach import looking
    from coder.app.reach.connecting import logins_of

    logins = logins_of(config, config.env)
    if not servers:
        return []
    count = "1 MCP server" if len(servers) == 1 else f"{len(servers)} MCP servers"
    with meanwhile(f"Asking {count} how {'it is' if len(servers) == 1 else 'they are'} doing …"):
        return loop.run(looking.look(servers, config, logins, extensions))


def _servers(config: Config) -> tuple[tuple[Server, ...], tuple[Problem, ...], Extensions]:
    """Those of the settings, and behind them those of extensions."""
    from coder.app.reach.extending import extensions_of, names_of

    own, problems = servers_of(config.servers, config.env, config.cwd)
    env = {**os.environ, **config.env}
    extensions = extensions_of(config, env, names_of(own))
    more = tuple(Problem("", text) for text in extensions.problems)
    return (*own, *extensions.servers), (*problems, *more), extensions


def _config() -> Config:
    # No session begins, so none is missed where it could not be saved.
    return load(Flags(headless=False, no_session_persistence=True), os.environ, current_folder())


def _rows(config: Config, servers: Sequence[Server], extensions: Extensions) -> list[Row]:
    """In the order of their precedence; those that may not be started are not."""
    off = {*config.servers.off, *(server.name for server in servers if server.is_off)}
    found = look([server for server in servers if server.name not in off], config, extensions)
    seen = {server.name: (standing, offer) for server, standing, offer in found}
    rows = [Row(server.name, server, *seen.get(server.name, (Standing("disabled"), None))) for server in servers]
    waiting = config.servers.unapproved.items()
    rows += [Row(name, None, Standing("unapproved", why), origin=str(config.cwd / MCP_FILE)) for name, why in waiting]
    return rows


def _nothing_named(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else " See: coder mcp list"
    return f'No MCP server found with name: "{shown(name, 80)}".{hint}'


def _tell(config: Config, problems: Sequence[Problem]) -> None:
    """What is wrong with the configuration, on standard error: what was asked for stands alone on standard output."""
    # That the folder is not trusted is said of each server that waits for it.
    known = "" if config.trust is None else notice(config.trust)
    for text in (*config.warnings, *(problem.text for problem in problems)):
        if text == known:
            continue
        print(fitting(f"! {shown(text, 1000)}", sys.stderr), file=sys.stderr)


def _modified(spot: Spot) -> str:
    project = f" [project: {spot.keys[1]}]" if spot.scope == "local" else ""
    return f"File modified: {shown(str(spot.path) + project, 1000)}"
