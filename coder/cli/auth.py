"""`coder auth`: gives coder a key, forgets it, says where it comes from. Must not know how a key is tried or kept."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from coder.app import login as ways
from coder.config import stored_key
from coder.config.credentials import BASE_URL, lacks_key
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import config_home, current_folder
from coder.config.stored_key import Stored
from coder.core.config import ModelConfig
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.frontends.exit_codes import FAILED, NO_MODEL

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_STDIN = "-"
_LONGEST = 16 * 1024
_NOBODY = "nobody is there to type the key: give it on standard input, with --with-key -"
_VISIBLE = "a key on the command line can be read by everybody on this machine: give it on standard input, --with-key -"


@app.callback()
def auth() -> None:
    """The key that coder keeps in ~/.coder/credentials, for you alone to read."""


@app.command()
def login(
    with_key: Annotated[
        str | None, typer.Option(metavar="-", help="Read the key from standard input; for scripts.")
    ] = None,
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="A gateway or local server, such as http://localhost:11434.")
    ] = "",
    model: Annotated[str, typer.Option(metavar="NAME", help="Also set the model, in your own settings.")] = "",
    untried: Annotated[bool, typer.Option("--untried", help="Keep it without trying it.")] = False,
) -> None:
    """Try a key, and keep it when it works. Asks for it unseen; the trial is one tiny request."""
    if with_key not in (None, _STDIN):
        raise ConfigError(_VISIBLE)
    env, home = os.environ, config_home(os.environ)
    address = ways.address_of(base_url) if base_url else ways.default_address(env)
    secret = _from_stdin() if with_key == _STDIN else _typed(address)
    if not secret and not address:
        print("No key was given. Nothing was kept.", file=sys.stderr)
        raise typer.Exit(FAILED)
    stored = Stored(auth_token=secret, base_url=address) if base_url else Stored(api_key=secret, base_url=address)
    trial = asyncio.run(ways.log_in(stored, env, home, current_folder(), model=model, tries=not untried))
    works = trial.verdict == "works"
    mark = "✓" if works else "✗"
    for number, line in enumerate(trial.said):
        print(f"{' ' if number else mark} {line}", file=sys.stdout if works else sys.stderr)
    if not works:
        if trial.verdict == "untried":
            print("  To keep it all the same: coder auth login --untried", file=sys.stderr)
        raise typer.Exit(FAILED if trial.verdict == "refused" else NO_MODEL)


@app.command()
def logout() -> None:
    """Forget the key that is kept. What your environment or settings give is left as it is."""
    home = config_home(os.environ)
    name = visible_line(stored_key.short_name(home, os.environ))
    print(f"Forgotten: {name} is removed." if stored_key.forget(home) else f"There is no {name}: nothing was kept.")
    if first := ways.comes_first(os.environ):
        print(f"{first} is still set in your environment.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Where the key comes from and where it goes. Asks nothing of the network. Exit 1 when there is none."""
    config = load(Flags(headless=False), os.environ, current_folder())
    model, missing = config.model, lacks_key(config.model)
    if as_json:
        print(json.dumps(_facts(model, missing=missing), indent=2))
    else:
        for name, value in _rows(model, missing=missing):
            print(f"{name:<9} {visible_line(value)}")
        if missing:
            print("\nGive it one: coder auth login")
    if (why := _bound_elsewhere()) and not as_json:
        print(why)
    if missing:
        raise typer.Exit(FAILED)


def _facts(model: ModelConfig, *, missing: bool) -> dict[str, object]:
    return {
        "loggedIn": not missing,
        "keySource": model.key_source,
        "keyEnding": stored_key.ending(model.api_key or model.auth_token),
        "baseUrl": _shown_address(model),
        "provider": model.provider,
        "model": model.name,
    }


def _rows(model: ModelConfig, *, missing: bool) -> list[tuple[str, str]]:
    if model.provider != "anthropic":
        key = f"that of {model.provider}, from its own settings"
    elif secret := model.api_key or model.auth_token:
        key = f"{stored_key.masked(secret)}, from {model.key_source}"
    else:
        key = "none" if missing else "none; this address may need none"
    return [("key", key), ("address", _shown_address(model)), ("model", model.name)]


def _shown_address(model: ModelConfig) -> str:
    if model.provider != "anthropic" and not model.base_url:
        return model.provider
    return ways.shown_address(model.base_url)


def _bound_elsewhere() -> str:
    """What is kept, where it is not used because it is for another address."""
    home = config_home(os.environ)
    stored = stored_key.read(home)
    if stored is None or stored_key.is_for(stored, os.environ, BASE_URL):
        return ""
    name = stored_key.short_name(home, os.environ)
    return f"{name} is for {ways.shown_address(stored.base_url or BASE_URL)} and goes nowhere else."


def _from_stdin() -> str:
    # Not all of it: what is no key may have no end.
    return stored_key.as_typed(sys.stdin.read(_LONGEST))


def _typed(address: str) -> str:
    """The key as typed without echo. "" where none was given: a server on this machine mostly needs none."""
    if not sys.stdin.isatty():
        if address and ways.is_local(address):
            return ""
        raise ConfigError(_NOBODY)
    what = f"Token for {urlsplit(address).netloc} (enter for none): " if address else "Anthropic API key: "
    try:
        return stored_key.as_typed(getpass.getpass(what))
    except EOFError:
        return ""
