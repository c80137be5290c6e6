"""`coder mcp add` and `add-json`: one server, checked, into the file of a scope. Must not know how one is reached."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import MANAGED, current_folder, is_brought
from coder.config.server_write import SCOPES, Scope, Spot, add, spot_of
from coder.config.servers import MANAGED_FILE
from coder.config.shown import shown
from coder.core.config import Config, ServerSource
from coder.core.errors import ConfigError
from coder.mcp.allowed import refused
from coder.mcp.entries import server_of
from coder.mcp.server import Hosted

_TRANSPORTS = ("stdio", "http", "sse")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+(?:/.*)?|/.*)", re.DOTALL)  # an address but for its http
_SECRET = "MCP_CLIENT_SECRET"
_LISTS = {"-e": re.compile(r"[A-Za-z_]\w*="), "-H": re.compile(r"[\w-]+:")}
_LONG = {"--env": "-e", "--header": "-H"}
ScopeOption = Annotated[str, typer.Option("-s", "--scope", help="local (this project, you alone), project or user.")]
Asks = Annotated[
    bool, typer.Option("--client-secret", help=f"Ask for the secret of the OAuth client, or take it from ${_SECRET}.")
]


class _Words(TyperCommand):
    """`-e A=1 B=2` is two variables; all that stands behind `--` is the command, whatever it looks like."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {name for param in self.params for name in param.opts}
        return super().parse_args(ctx, list(_spread(args, known)))


def register(app: typer.Typer) -> None:
    short = "Add a server: an address, or a command behind --."
    app.command("add", cls=_Words, short_help=short, context_settings={"ignore_unknown_options": False})(add_)
    app.command("add-json", short_help="Add a server by its entry, as JSON.")(add_json)


def add_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, _ and -.", show_default=False)],
    words: Annotated[
        list[str], typer.Argument(metavar="URL | -- COMMAND [ARG]...", help="What to reach or run.", show_default=False)
    ],
    transport: Annotated[
        str | None, typer.Option("-t", "--transport", help="stdio, http or sse; default: by what is given.")
    ] = None,
    scope: ScopeOption = "local",
    env: Annotated[list[str] | None, typer.Option("-e", "--env", help="A variable for the command: K=V.")] = None,
    header: Annotated[list[str] | None, typer.Option("-H", "--header", help='For an address: "Name: value".')] = None,
    client_id: Annotated[str | None, typer.Option(help="Of an OAuth client that you have registered.")] = None,
    client_secret: Asks = False,
    callback_port: Annotated[int | None, typer.Option(help="Where the login's answer comes in.")] = None,
) -> None:
    """Add a server: an address, or a command behind `--`.

    \b
    coder mcp add docs https://example.com/mcp
    coder mcp add files -e DEBUG=1 -- npx -y @modelcontextprotocol/server-filesystem .
    """
    if transport is not None and transport not in _TRANSPORTS:
        raise ConfigError(f"--transport must be one of {', '.join(_TRANSPORTS)}, not {shown(transport, 40)}.")
    kind = transport or ("http" if _ADDRESS.match(words[0]) else "stdio")
    if transport is None and len(words) == 1 and _HOST.fullmatch(words[0]) and shutil.which(words[0]) is None:
        whole = f"http{'' if words[0].startswith('localhost') else 's'}://{shown(words[0], 80)}"
        raise ConfigError(
            f"there is no program {shown(words[0], 80)}. Nothing was added. An address begins with http:// or "
            f"https://: coder mcp add {shown(name, 80)} {whole}"
        )
    if kind == "stdio":
        if header or client_id or client_secret or callback_port:
            raise ConfigError("--header and the options of a login are for a server at an address.")
        entry: dict[str, Any] = {"type": "stdio", "command": words[0], "args": words[1:]}
        if env:
            entry["env"] = dict(_pair(text, "=", "--env", "KEY=VALUE") for text in env)
    else:
        if env:
            raise ConfigError("--env is for a command; an address gets --header.")
        if len(words) > 1:
            raise ConfigError(f"an address is one word; what is {shown(words[1], 80)}?")
        entry = {"type": kind, "url": words[0]}
        if header:
            pairs = (_pair(text, ":", "--header", '"Name: value"') for text in header)
            entry["headers"] = {key.strip(): value.strip() for key, value in pairs}
        login = {"clientId": client_id, "callbackPort": callback_port, "clientSecret": _secret(scope, client_secret)}
        if given := {key: value for key, value in login.items() if value is not None}:
            entry["oauth"] = given
    _put(name, entry, scope)


def add_json(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    text: Annotated[str, typer.Argument(metavar="JSON", help="As it stands in .mcp.json.", show_default=False)],
    scope: ScopeOption = "local",
    client_secret: Asks = False,
) -> None:
    """Add a server by its entry: coder mcp add-json docs '{"type":"http","url":"https://example.com/mcp"}'"""
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"that is no valid JSON: {getattr(error, 'msg', 'it is nested too deeply')}.") from error
    if not isinstance(entry, dict):
        raise ConfigError('expected a JSON object such as {"type": "http", "url": "https://example.com/mcp"}.')
    if client_secret:
        held = entry.get("oauth")
        entry["oauth"] = {**(held if isinstance(held, dict) else {}), "clientSecret": _secret(scope, client_secret)}
    _put(name, entry, scope)


def settled(name: str, entry: Mapping[str, Any], config: Config) -> Iterator[str]:
    """What should be known of a server that can be added. Raises ConfigError for one that cannot."""
    if os.path.lexists(MANAGED / MANAGED_FILE):
        raise ConfigError(
            f"your administrator says which MCP servers there are ({MANAGED / MANAGED_FILE}). Nothing was added."
        )
    server, problems = server_of(ServerSource("", "user", {}, config.cwd), name, entry, config.env, config.cwd)
    texts = [problem.text.removeprefix(": ").replace("It is not used.", "Nothing was added.") for problem in problems]
    if server is None:
        raise ConfigError(texts[0])
    if isinstance(server.transport, Hosted):
        raise ConfigError("a server of type sdk lives in the program that embeds coder. Nothing was added.")
    if why := refused(server, config.servers):
        raise ConfigError(f"MCP server {name} may not be used here: {why}. Nothing was added.")
    yield from texts


def checked_scope(scope: str) -> Scope:
    for known in SCOPES:
        if scope == known:
            return known
    raise ConfigError(f"--scope must be one of {', '.join(SCOPES)}, not {shown(scope, 40)}.")


def placed(scope: Scope, config: Config) -> Spot:
    """Where a new server goes. Raises ConfigError for a place where it would not count."""
    spot = spot_of(scope, config.home, config.cwd)
    if scope != "project" and is_brought(spot.path.parent, config.cwd):
        raise ConfigError(
            f"{spot.path} lies in the repository you work in, so that no server in it is used. Use --scope project."
        )
    return spot


def _put(name: str, entry: Mapping[str, Any], scope: str) -> None:
    place = checked_scope(scope)
    config = load(Flags(headless=False), os.environ, current_folder())
    notes = list(settled(name, entry, config))
    spot = placed(place, config)
    add(spot, name, entry, config.home)
    kind = "stdio" if "command" in entry else str(entry["type"]).upper()
    print(f"Added {kind} MCP server {name} to {scope} config")
    project = f" [project: {spot.keys[1]}]" if scope == "local" else ""
    print(f"File modified: {shown(str(spot.path) + project, 1000)}")
    for note in notes:
        print(f"! {shown(note, 1000)}", file=sys.stderr)


def _secret(scope: str, asks: bool) -> str | None:
    if not asks:
        return None
    if scope == "project":
        raise ConfigError("--client-secret would be written into a file that is shared. Use --scope local or user.")
    if held := os.environ.get(_SECRET):
        return held
    if not sys.stdin.isatty():
        raise ConfigError(f"nobody is there to ask for the secret: set {_SECRET}.")
    return getpass.getpass("Client secret (not shown): ")


def _pair(text: str, between: str, option: str, form: str) -> tuple[str, str]:
    """The value is not repeated in what is said: it may be a key."""
    key, found, value = text.partition(between)
    if not found or not key.strip():
        raise ConfigError(f"{option} must be {form}.")
    return key, value


def _spread(args: Sequence[str], known: set[str]) -> Iterator[str]:
    """Each further value of a list behind its own option. Raises ConfigError for a command's options without `--`."""
    end = args.index("--") if "--" in args else len(args)
    taking, is_value, plain = "", False, 0
    for word in args[:end]:
        option = _LONG.get(word, word)
        if is_value:
            is_value = False
        elif word.startswith("-") and len(word) > 1:
            name = word.partition("=")[0]
            if not known & {name, word[:2]} and name != "--help" and plain > 1 and end == len(args):
                how = "coder mcp add NAME -- COMMAND"
                raise ConfigError(f"{shown(word, 40)} is no option of coder mcp add. A command stands behind --: {how}")
            taking, is_value = option, "=" not in word and name != "--client-secret" and len(word) == len(name)
        elif taking in _LISTS and _LISTS[taking].match(word) and not _ADDRESS.match(word):
            yield taking
        else:
            taking, plain = "", plain + 1
        yield word
    yield from args[end:]
