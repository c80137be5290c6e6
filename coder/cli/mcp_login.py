"""`coder mcp login` and `logout`: a person logs in at a server, in their browser. Must not know how a login works."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated
from urllib.parse import urlsplit

import typer

from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import config_home, current_folder
from coder.config.shown import shown
from coder.core import loop as loops
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.frontends.exit_codes import FAILED
from coder.mcp.entries import servers_of
from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server
from coder.vault.vault import Vault

_LINE = 64 * 1024
_NAME = typer.Argument(metavar="NAME", help="Of a server.", show_default=False)


def register(app: typer.Typer) -> None:
    app.command("login")(login)
    app.command("logout", short_help="Take the login at a server back.")(logout)


def login(
    name: Annotated[str, _NAME],
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening it; paste where it ends.")
    ] = False,
) -> None:
    """Log in at a server that asks for it. coder keeps the login in your keyring, or in a file for you alone."""
    config = load(Flags(headless=False), os.environ, current_folder())
    server = _server(config, name)
    vault = Vault(config.home, os.environ, quiet=not sys.stdin.isatty())
    person = _Terminal(opens=not no_browser and _has_browser(os.environ))
    try:
        notice = loops.run(_log_in(server, vault, person, config))
    except ServerError as error:
        print(f"coder: {error}", file=sys.stderr)
        raise typer.Exit(FAILED) from error
    print(f"✓ Logged in at {name}.")
    if notice:
        print(f"  {visible_line(notice)}")


def logout(name: Annotated[str, _NAME]) -> None:
    """Take the login at a server back, where the server says how, and forget it."""
    vault = Vault(config_home(os.environ), os.environ, quiet=not sys.stdin.isatty())
    said = loops.run(_log_out(name, vault))
    if said is None:
        print(f"There is no login at {shown(name, 80)}: nothing was kept.")
        return
    print(f"✓ Logged out of {shown(name, 80)}: the login is forgotten.")
    for line in filter(None, said):
        print(f"  {visible_line(line)}")


async def _log_in(server: Server, vault: Vault, person: _Terminal, config: Config) -> str:
    from coder.app.reach.connecting import logins_of
    from coder.mcp.login import LogIn
    from coder.mcp.place import patience

    try:
        headers = (await logins_of(config, config.env)(server)).headers  # as in a session, and where it runs in one
    except ServerError as error:
        raise ServerError(f"{server.name} {error}.") from error
    seconds = patience(server, config.env).start
    return await LogIn(server, vault, person, headers, seconds=seconds).run()


async def _log_out(name: str, vault: Vault) -> list[str] | None:
    """What is to be said of each login under this name; None where there is none. The server need not be configured."""
    from coder.mcp.logout import log_out
    from coder.mcp.tokens import SERVICE

    kept = [url for owner, _, url in (key.partition(" ") for key in vault.keys(SERVICE)) if owner == name]
    if not kept:
        return None
    return [(await log_out(Server(name, Http(url), "user", "", ""), vault))[1] for url in kept]


def _server(config: Config, name: str) -> Server:
    servers, problems = servers_of(config.servers, config.env, config.cwd)
    for server in servers:
        if server.name == name:
            return server
    if name in config.servers.unapproved:
        raise ConfigError(f"{shown(name, 80)} is not used: {config.servers.unapproved[name]}")
    wrong = next((problem.text for problem in problems if problem.server == name), "")
    raise ConfigError(wrong or f'No MCP server found with name: "{shown(name, 80)}". See: coder mcp list')


def _has_browser(env: Mapping[str, str]) -> bool:
    """Without a screen there may be a browser all the same: one that would take the terminal."""
    return sys.platform == "darwin" or any(env.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


@dataclass(slots=True)
class _Terminal:
    """Implements `coder.mcp.consent.Person`."""

    opens: bool
    _typed: bytes = field(default=b"", repr=False)

    async def show(self, address: str, back: str) -> None:
        host = visible_line(urlsplit(address).hostname or "")
        if self.opens and await asyncio.to_thread(_opened, address):
            print(f"Your browser opens a page of {host}. Say yes there. If none opens, go to:")
        else:
            print(f"Open this page of {host} in a browser, and say yes there:")
        print(f"\n  {visible_line(address)}\n")
        print("coder then goes on by itself. Where the browser ends at a page that it cannot show, paste its address;")
        print(f"it begins with {back}")
        sys.stdout.flush()

    async def pasted(self) -> str:
        """A line of standard input. It is watched and not waited for: a thread that reads could not be stopped."""
        while b"\n" not in self._typed and len(self._typed) < _LINE:
            await _readable(sys.stdin.fileno())
            if not (piece := os.read(sys.stdin.fileno(), 4096)):
                break
            self._typed += piece
        line, end, self._typed = self._typed.partition(b"\n")
        text = line.decode("utf-8", "replace").strip()
        return text or (" " if end else "")  # an empty line is no end: somebody only pressed enter

    def wrong(self, why: str) -> None:
        print(why, flush=True)


def _opened(address: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(address)
    except (OSError, webbrowser.Error):
        return False


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(fd, ready.set)
    except (PermissionError, ValueError):  # an ordinary file always is
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
