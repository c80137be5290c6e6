"""`coder config`: shows settings with where they come from, and changes them. Must not know how files are written."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated

import typer

from coder.cli.config_page import as_json, blocks, nested, shortened, table, visible
from coder.config import write
from coder.config.keys import ANYTHING, MANAGED_ONLY, RULES, Kind, is_group, kind_of, path_of, unknown, value_of
from coder.config.masking import masked
from coder.config.origins import Listing, listing
from coder.config.paths import (
    Source,
    config_home,
    current_folder,
    local_settings,
    project_settings,
    sources,
    user_home,
    user_settings,
    why_not_saved,
)
from coder.core.config import Behaviour, RuleText
from coder.core.errors import ConfigError
from coder.frontends.policy.text import wrapped

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Such as model, env.NAME or permissions.allow.")]
Value = Annotated[str, typer.Argument(help="JSON where that fits the setting, else text.")]
User = Annotated[bool, typer.Option("--user", help="In your own settings (default).")]
Project = Annotated[bool, typer.Option("--project", help="In .coder/settings.json of this folder.")]
Local = Annotated[bool, typer.Option("--local", help="In .coder/settings.local.json of this folder.")]
Force = Annotated[bool, typer.Option("--force", help="Also a setting that coder does not know.")]
NOT_SET = 1
BROKEN = 2


@app.callback()
def config() -> None:
    """Show settings and where they come from, and change them."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # values may hold what a terminal without Unicode cannot show
        sys.stdout.reconfigure(errors="backslashreplace")


@app.command("list")
def list_(
    show_origin: Annotated[
        bool, typer.Option("--show-origin", help="With the file of each, and what it beats.")
    ] = False,
    as_data: Annotated[bool, typer.Option("--json", help="One JSON list, with origins.")] = False,
) -> None:
    """Every setting that counts here. Secrets are not shown."""
    found = _listing()
    width = get_terminal_size().columns if sys.stdout.isatty() else 80
    entries = sorted(found.entries, key=lambda entry: entry.key)
    if as_data:
        print(json.dumps([as_json(entry) for entry in entries], indent=2))
    elif entries:
        shorten = shortened(current_folder(), user_home(os.environ))
        print(blocks(entries, width, shorten) if show_origin else table(entries, width))
    else:
        print("No settings: everything is as it comes. `coder config path` names the files.")
    _warn(found.warnings)
    if found.broken:
        raise typer.Exit(BROKEN)


@app.command()
def get(key: Key) -> None:
    """The value of one setting: a text as it is, a list item by item, the rest as JSON. Exit 1 when it is not set."""
    found = [entry for entry in _listing().entries if entry.counts and (entry.key + ".").startswith(f"{key}.")]
    if not found:
        hint = "" if kind_of(key) or is_group(key) else f" But {unknown(key)}"
        print(f"{visible(key)} is not set.{visible(hint)}", file=sys.stderr)
        raise typer.Exit(NOT_SET)
    if any(entry.key != key for entry in found):
        print(json.dumps(nested(key, found), indent=2))
    else:
        for entry in found:
            print(visible(masked(key, entry.value)))


@app.command(name="set")
def set_(
    key: Key,
    value: Value,
    user: User = False,
    project: Project = False,
    local: Local = False,
    force: Force = False,
) -> None:
    """Give a setting a value."""
    kind = _kind(key, force=force)
    path = _path(user, project, local)
    new = value_of(key, kind, _utf8(value))
    if kind is RULES and isinstance(new, list):
        for rule in new:
            _check_rule(key, rule)
    write.set_value(path, key, new)
    print(f"{visible(key)} is set in {_short(path)}.")
    _say_what_stands_against(key, path)


@app.command()
def unset(key: Key, user: User = False, project: Project = False, local: Local = False) -> None:
    """Take a setting out of a file. Exit 1 when it was not there."""
    path = _path(user, project, local)
    _report(write.unset_value(path, _checked(key)), f"{visible(key)} is no longer set in", "It is not set in", path)


@app.command()
def add(
    key: Key,
    value: Value,
    user: User = False,
    project: Project = False,
    local: Local = False,
    force: Force = False,
) -> None:
    """Add an item to a list."""
    path = _path(user, project, local)
    item = _item(key, value, force=force)
    _check_rule(key, item)
    if not write.add_item(path, key, item):
        print(f"{visible(key)} in {_short(path)} has it already.")
        return
    print(f"Added to {visible(key)} in {_short(path)}.")
    _say_what_stands_against(key, path, item)


@app.command()
def remove(
    key: Key, value: Value, user: User = False, project: Project = False, local: Local = False, force: Force = False
) -> None:
    """Take an item out of a list. Exit 1 when it was not there."""
    path = _path(user, project, local)
    item = _item(key, value, force=force)
    _report(write.remove_item(path, key, item), f"Removed from {visible(key)} in", "It is not in", path)


@app.command()
def path() -> None:
    """The files that are read here, the strongest first."""
    for source in _sources():
        missing = "" if os.path.lexists(source.path) else "  (not there)"
        print(f"{source.scope:9}{visible(str(source.path))}{missing}")


def _sources() -> tuple[Source, ...]:
    return tuple(sources(config_home(os.environ), current_folder(), os.environ, ("user", "project", "local")))


def _listing() -> Listing:
    return listing(_sources(), os.environ, config_home(os.environ), current_folder())


def _path(user: bool, project: bool, local: bool) -> Path:
    """The file to change."""
    if user + project + local > 1:
        raise ConfigError("give one of --user, --project and --local.")
    if project:
        return project_settings(current_folder())
    if local:
        return local_settings(current_folder())
    home = config_home(os.environ)
    if why := why_not_saved(home, os.environ):
        raise ConfigError(f"your settings cannot be written: {why}. --project and --local write to this folder.")
    return user_settings(home)


def _checked(key: str) -> str:
    if not all(path_of(_utf8(key))):
        raise ConfigError(f"{visible(key)} is not the name of a setting. `coder config list` shows some.")
    return key


def _kind(key: str, *, force: bool) -> Kind:
    kind = kind_of(_checked(key))
    if key in MANAGED_ONLY and not force:
        raise ConfigError(f"{key} counts in the administrator's settings only.")
    if key.startswith("env.") and "=" in key:
        raise ConfigError(f"{visible(key)}: a variable has no '=' in its name. Write coder config set env.NAME VALUE.")
    if is_group(key):
        raise ConfigError(unknown(key))
    if kind is None and not force:
        raise ConfigError(f"{visible(unknown(key))} --force sets it all the same.")
    return kind or ANYTHING


def _item(key: str, text: str, *, force: bool) -> object:
    kind = _kind(key, force=force)
    if kind is not ANYTHING and not kind.is_list:
        raise ConfigError(f"{key} is no list: it is {kind.says}. Use coder config set {key} VALUE.")
    only = Kind(kind.says, lambda value: kind is ANYTHING or kind.fits([value]))
    return value_of(key, only, _utf8(text))


def _check_rule(key: str, rule: object) -> None:
    """Refuses a rule that could never match, and says what else is odd about it."""
    if kind_of(key) is not RULES:
        return
    from coder.permissions.rules import parse_rules

    behaviours: dict[str, Behaviour] = {"allow": "allow", "ask": "ask", "deny": "deny"}
    behaviour = behaviours[key.rpartition(".")[2]]
    rules, warnings = parse_rules([RuleText(str(rule), behaviour, "user", "", Path("/"))])
    if not (rules.allow or rules.ask or rules.deny):
        raise ConfigError(f"{visible(warnings[0])} Nothing was changed.")
    _warn(warnings)


def _say_what_stands_against(key: str, path: Path, item: object = None) -> None:
    """A value that was just written and does not count is a surprise that is better said now."""
    for entry in _listing().entries:
        if entry.key == key and entry.origin == str(path) and entry.why and item in (None, entry.value):
            by = "overridden by " if entry.state == "overridden" else ""
            print(f"It has no effect: {by}{visible(entry.why)}.")
            return


def _report(done: bool, yes: str, no: str, path: Path) -> None:
    print(f"{yes if done else no} {_short(path)}.", file=sys.stdout if done else sys.stderr)
    if not done:
        raise typer.Exit(NOT_SET)


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{visible(text)} is not UTF-8 text.") from error
    return text


def _short(path: Path) -> str:
    return shortened(current_folder(), user_home(os.environ))(str(path))


def _warn(warnings: Iterable[str]) -> None:
    """On one line each, which a person sees wrapped."""
    for warning in warnings:
        line = f"warning: {visible(warning)}"
        print("\n".join(wrapped(line, "", "  ")) if sys.stderr.isatty() else line, file=sys.stderr)
