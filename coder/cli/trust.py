"""`coder trust`: what the settings of a folder would do, and whether they may. Must not know how trust is judged."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from coder.config.approvals import read_folders
from coder.config.load import folder_trust
from coder.config.masking import masked
from coder.config.paths import config_home, current_folder, user_home
from coder.config.question import detailed
from coder.config.shown import shown
from coder.config.trust import approve, changes, forget
from coder.core.errors import ConfigError
from coder.core.trust import Brought, Trust
from coder.git.repository import repository_of

_HELP = "Settings of a folder run, contact or loosen nothing before you have approved them, as they are now."
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=_HELP)
Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugin-dir", help="Also a plugin that lies in it: its folder or .zip."),
]
Folder = Annotated[Path | None, typer.Argument(help="The folder; the current one when left out.")]


@app.callback(invoke_without_command=True)
def status(context: typer.Context, plugin_dir: Plugins = None) -> None:
    """Without a command: what the current folder brings, and what of it counts."""
    if context.invoked_subcommand is not None:
        return
    trust, problems = _of(current_folder(), plugin_dir)
    _show(trust, problems)
    if trust.off:
        print("\nDeny and ask rules count already.")
    if plugin_dir and trust.off:
        given = "".join(f" --plugin-dir {shown(quote(each))}" for each in plugin_dir)
        print(f"To trust them: coder trust add{given}")
    elif not trust.is_trusted and (trust.off or repository_of(trust.folder) is not None):
        print("To trust this folder: coder trust add")


@app.command()
def add(
    folder: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    plugin_dir: Plugins = None,
) -> None:
    """Approve what a folder brings, as it is now. What changes later is asked about again."""
    trust, problems = _of(_existing(folder), plugin_dir)
    _show(trust, problems)
    if not trust.off and trust.known:
        return
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ConfigError("nobody is there to ask: look at `coder trust`, then say `coder trust add --yes`.")
        typer.confirm("\nTrust this folder?", default=False, abort=True)
    approve(config_home(os.environ), trust)
    print("Trusted.")


@app.command()
def remove(folder: Folder = None) -> None:
    """Take an approval back."""
    place = _place(folder)
    taken = forget(config_home(os.environ), place)
    print(f"No longer trusted: {shown(str(taken))}" if taken else f"{shown(str(place))} was not trusted.")


@app.command("list")
def list_() -> None:
    """Every folder you approved."""
    for folder in sorted(read_folders(config_home(os.environ))):
        print(shown(folder))


def _of(place: Path, plugin_dirs: list[str] | None) -> tuple[Trust, tuple[str, ...]]:
    """How far the folder is trusted, with the plugins that lie in it, and what cannot be read."""
    trust, problems = folder_trust(os.environ, place)
    if not plugin_dirs:
        return trust, problems
    from coder.app.policy import standing
    from coder.config.flags import Flags
    from coder.config.paths import expand

    given = tuple(str(expand(each, os.environ, current_folder())) for each in plugin_dirs)
    config = standing(Flags(cwd=str(place), plugin_dirs=given, headless=False), os.environ, place).config
    if config.plugins is not None:
        problems = (*problems, *(each.message for each in config.plugins.problems))
        outside = (each for each in config.plugins.loaded if not each.is_brought)
        problems += tuple(f"Plugin {each.name} does not lie in this folder: to name it is enough." for each in outside)
    return config.trust or trust, problems


def _masked(item: Brought) -> Brought:
    return replace(item, text=str(masked(f"env.{item.name}", item.text))) if item.kind == "variable" else item


def _show(trust: Trust, problems: tuple[str, ...]) -> None:
    print(f"{_standing(trust)}: {_short(trust.folder)}")
    if trust.note:
        print(shown(trust.note, 1000))
    used = tuple(item for item in trust.brought if item not in trust.off)
    for title, items in (("Waits for your trust:", trust.off), ("It brings:", used)):
        for number, line in enumerate(detailed(map(_masked, items))):
            print(f"  {line}" if number else f"\n{title}\n  {line}")
    if found := changes(trust):
        print("\nSince you trusted it:")
        for change in found:
            kind, _, name = change.what.rpartition(" ")
            text = masked(f"env.{name}", change.text) if kind == "variable" else change.text
            print(f"  {change.how}: {change.file}: {change.what}" + (f": {text}" if text else ""))
    if not trust.is_trusted and repository_of(trust.folder) is not None:
        print("\nUntil you trust it, hooks that its git repository brings along run only after a question.")
    for problem in problems:
        print(f"\n{shown(problem, 1000)}")


def _standing(trust: Trust) -> str:
    if trust.off and trust.known and not trust.note:
        return "Changed since you trusted it"
    if trust.off or trust.note:
        return "Not trusted"
    return "Trusted" if trust.known else "No settings here run, contact or loosen anything, so they need no trust"


def _short(folder: Path) -> str:
    """As people write it: from their home folder."""
    home = user_home(os.environ)
    inside = folder.is_relative_to(home) and folder != home
    return shown(f"~/{folder.relative_to(home)}" if inside else str(folder))


def _existing(folder: Path | None) -> Path:
    place = _place(folder)
    if not place.is_dir():
        raise ConfigError(f"there is no folder {shown(str(place))}.")
    return place


def _place(folder: Path | None) -> Path:
    return current_folder() / (folder or "")
