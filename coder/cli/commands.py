"""`coder commands`: list, show, check and begin commands and skills. Must not know what files say or how pages look."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli.plugin_notices import tell
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.app.commanding.rows import CommandRow, Shelf
    from coder.app.policy import Standing

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Cwd = Annotated[str | None, typer.Option("--cwd", help="The folder; default: the current one.")]
_Plugins = Annotated[
    list[str] | None, typer.Option("--plugin-dir", help="Also a plugin: its folder or .zip. Can be repeated.")
]


@app.callback()
def commands() -> None:
    """Commands and skills of files: what there is, what one does, what is wrong with one, and a new one.

    Nothing is run and no model is asked. docs/commands.md tells how to write one.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us


@app.command("list")
def list_commands(
    words: Annotated[list[str] | None, typer.Argument(help="Only those with all of these words.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Agents and output styles too.")] = False,
    cwd: _Cwd = None,
    plugin_dir: _Plugins = None,
    as_json: _Json = False,
) -> None:
    """Show the commands and skills that count in this folder, whose they are, and which do not count and why.

    Into a pipe each is one line, not cut: kind, name, whose, what it does.
    """
    from coder.cli.commands_page import list_lines, plain_lines, shelf_json
    from coder.config.paths import user_home

    found, shelf = _shelf(cwd, plugin_dir, all_kinds=everything)
    rows = shelf.with_words(words or ())
    if as_json:
        print(json.dumps(shelf_json(shelf, rows, found.config.cwd), indent=2))
        return
    for_people = sys.stdout.isatty()
    lines = list_lines(shelf, rows, found.config.cwd, user_home(os.environ)) if for_people else plain_lines(rows)
    for line in lines:
        print(line)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def show(
    name: Annotated[str, typer.Argument(help="Such as review, or the path of its file.", show_default=False)],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="What would be typed behind it: shows what the model would be sent.")
    ] = None,
    sent: Annotated[bool, typer.Option("--sent", help="What the model would be sent, without arguments.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The file as it is.")] = False,
    cwd: _Cwd = None,
    plugin_dir: _Plugins = None,
    as_json: _Json = False,
) -> None:
    """Say what NAME is, what it may do and whether that counts; with ARGUMENTS what the model would be sent.

    Options stand before NAME. What the text would run is not run: it is named, with what coder would say to it.
    """
    from coder.app.commanding.trying import trial
    from coder.cli.commands_page import row_json
    from coder.cli.commands_show import show_lines, trial_json, trial_lines
    from coder.config.paths import user_home

    found, shelf = _shelf(cwd, plugin_dir, all_kinds=True)
    row = _named(name, shelf, found.config.cwd)
    if raw:
        from coder.cli.raw_file import print_raw, read_raw

        print_raw(read_raw(row.file))
        return
    definition = row.definition
    if arguments or sent:
        if definition is None:
            raise ConfigError(f"{name} is an {row.kind}, which nobody types: leave out what stands behind it.")
        made = trial(definition, _typed(arguments or []), found)
        if as_json:
            print(json.dumps(trial_json(row, made), indent=2))
        else:
            print("\n".join(trial_lines(row, made)))
        return
    if as_json:
        print(json.dumps(row_json(row), indent=2))
    else:
        print("\n".join(show_lines(row, shelf, found, user_home(os.environ))))


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders; default: all that count here.")] = None,
    cwd: _Cwd = None,
    as_json: _Json = False,
) -> None:
    """Name every mistake in commands, skills, agents, output styles and hooks, with its file and line.

    A folder may be a project, a plugin, a marketplace, or one with such files. Exit code 0: no error (warnings may
    be); 1: errors; 2: a path that is not there.
    """
    from coder.app.commanding.checking import of_folder, of_paths
    from coder.cli.commands_page import check_json, check_lines
    from coder.config.paths import current_folder, user_home
    from coder.core.visible import visible_line
    from coder.frontends.slash.registry import reserved

    folder = Path(os.path.normpath(current_folder() / (cwd or ".")))
    if paths:
        for path in paths:
            if not (folder / path).exists():
                raise ConfigError(f"there is no file or folder {visible_line(str(path))}.")
        done = of_paths([Path(os.path.normpath(folder / path)) for path in paths], reserved())
    else:
        done = of_folder(_standing(cwd).config, os.environ, reserved())
    if as_json:
        print(json.dumps(check_json(done), indent=2))
    else:
        print("\n".join(check_lines(done, folder, user_home(os.environ))))
    raise typer.Exit(1 if any(mistake.level == "error" for mistake in done.mistakes) else 0)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Such as fix, or sub:fix.", show_default=False)],
    skill: Annotated[bool, typer.Option("--skill", help="A skill: a folder that the model may use by itself.")] = False,
    user: Annotated[bool, typer.Option("--user", help="Your own, in every folder; default: the project's.")] = False,
    description: Annotated[str, typer.Option("--from", help="What it does, in a sentence.")] = "",
    cwd: _Cwd = None,
) -> None:
    """Write a command or skill to begin with, and say where. No file is ever written over."""
    from coder.app.commanding.writing import Wanted, write_new
    from coder.cli.commands_page import new_lines
    from coder.config.paths import user_home
    from coder.frontends.slash.registry import reserved

    found, before = _shelf(cwd)
    file = write_new(Wanted(name, skill, user, description), found.config, reserved())
    typed = name.removeprefix("/")
    rival = next((row for row in before.rows if row.name == typed and not row.note), None)
    print("\n".join(new_lines(typed, file, rival, found.config.cwd, user_home(os.environ))))


def _standing(cwd: str | None, plugin_dirs: list[str] | None = None) -> Standing:
    from coder.app.policy import standing
    from coder.config.flags import Flags
    from coder.config.paths import current_folder

    return standing(Flags(cwd=cwd, plugin_dirs=tuple(plugin_dirs or ()), headless=False), os.environ, current_folder())


def _shelf(cwd: str | None, plugin_dirs: list[str] | None = None, *, all_kinds: bool = False) -> tuple[Standing, Shelf]:
    from coder.app.commanding.rows import shelf_of
    from coder.frontends.slash.registry import reserved

    found = _standing(cwd, plugin_dirs)
    tell(found.config)
    return found, shelf_of(found.config, os.environ, reserved(), all_kinds=all_kinds)


def _named(name: str, shelf: Shelf, cwd: Path) -> CommandRow:
    """By its name, also of what does not count, or by its file. Raises ConfigError that names what may be meant."""
    from coder.core.visible import visible_line
    from coder.frontends.slash.registry import BUILT_IN, find

    bare, file = name.removeprefix("/"), os.path.realpath(cwd / name)
    definition = shelf.catalogue.find(name)
    rows = [row for row in shelf.rows if definition is not None and row.file == definition.file]
    rows += [row for row in shelf.rows if row.name.casefold() == bare.casefold()]
    rows += [row for row in shelf.rows if file in (os.path.realpath(row.file), os.path.realpath(_own_folder(row)))]
    if rows:
        return rows[0]
    shown = visible_line(bare)[:80]
    if find(bare, BUILT_IN) is not None:
        raise ConfigError(f"/{shown} is a command of the session itself, not of a file. In a session: /help {shown}")
    near = shelf.catalogue.near(bare, [row.name for row in shelf.rows])
    hint = f"Did you mean {near[0]}?" if near else "See them all: coder commands list"
    raise ConfigError(f"there is no command or skill {shown!r}. {hint}")


def _own_folder(row: CommandRow) -> Path:
    return row.file.parent if row.kind == "skill" else row.file


def _typed(words: list[str]) -> str:
    """As it would be typed behind the name: a word with blanks in quotes."""
    if len(words) == 1:
        return words[0]
    return " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words)
