"""`coder workflow`: list, show, check and begin workflow files. Must not know what files say or how pages look."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli import workflow_run
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.core.config import Config
    from coder.workflows.library import Entry, Library

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Cwd = Annotated[str | None, typer.Option("--cwd", help="The folder; default: the current one.")]


@app.callback()
def workflow() -> None:
    """Workflow files: which there are, what one does, what is wrong with it, and a new one.

    docs/workflow_files.md tells how to write one. `list`, `show`, `check` and `new` run nothing and ask no model.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us


@app.command("list")
def list_workflows(cwd: _Cwd = None, as_json: _Json = False) -> None:
    """Show the workflows that count in this folder, whose they are, and which do not count and why."""
    from coder.cli.workflow_page import library_json, list_lines
    from coder.config.paths import user_home

    config, found = _library(cwd)
    if as_json:
        print(json.dumps(library_json(found), indent=2))
    else:
        print("\n".join(list_lines(found, config.cwd, user_home(os.environ))))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Such as fix-issue, or the path of a file.", show_default=False)],
    cwd: _Cwd = None,
    as_json: _Json = False,
) -> None:
    """Say in plain words what NAME does, step by step, what it may cost, and draw it (Mermaid)."""
    from coder.app.workflowing.places import unseen
    from coder.cli.workflow_page import entry_json
    from coder.cli.workflow_show import show_lines
    from coder.config.paths import user_home

    config, found = _library(cwd)
    entry = named_entry(name, found, config)
    if as_json:
        print(json.dumps(entry_json(entry), indent=2))
        return
    new = bool(entry.workflow is not None and unseen(config, found, entry.workflow))
    print("\n".join(show_lines(entry, config.cwd, user_home(os.environ), is_new=new)))


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="A name or a file; default: all that count here.")] = None,
    cwd: _Cwd = None,
    as_json: _Json = False,
) -> None:
    """Name everything that is wrong, with file and line; of one workflow also its graph and its worst case.

    Exit code 0: no error (warnings may be); 1: errors; 2: there is no such workflow.
    """
    from coder.cli.workflow_page import check_json, check_lines
    from coder.cli.workflow_show import worst_lines
    from coder.config.paths import user_home

    config, found = _library(cwd)
    ours = [each for each in found.entries if each.origin != "built-in"]
    entries = [named_entry(name, found, config)] if name else ours
    problems = [problem for each in entries for problem in each.checked.problems]
    problems += [] if name else found.problems
    if as_json:
        print(json.dumps(check_json(entries, problems), indent=2))
    else:
        lines = list(check_lines(entries, problems, config.cwd, user_home(os.environ)))
        lines += worst_lines(entries[0]) if name else []
        print("\n".join(lines))
    raise typer.Exit(1 if any(problem.level == "error" for problem in problems) else 0)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Such as release, or team:release.", show_default=False)],
    pattern: Annotated[
        str, typer.Option("--pattern", help="chain, route, parallel, vote, orchestrate or improve.")
    ] = "chain",
    user: Annotated[bool, typer.Option("--user", help="Your own, in every folder; default: the project's.")] = False,
    cwd: _Cwd = None,
) -> None:
    """Write a workflow to begin with, and say where. No file is ever written over."""
    from coder.cli.workflow_page import new_lines
    from coder.config.paths import user_home
    from coder.frontends.slash.registry import reserved
    from coder.workflows.patterns.begin import begin

    config, before = _library(cwd)
    typed = name.removeprefix("/")
    if typed in reserved():
        raise ConfigError(f"/{typed} is a command of the session itself: choose another name.")
    file = begin((config.home if user else config.cwd / ".coder") / "workflows", typed, pattern)
    print("\n".join(new_lines(typed, file, before.find(typed), config.cwd, user_home(os.environ))))


app.command(context_settings=workflow_run.SETTINGS)(workflow_run.run)


def _library(cwd: str | None) -> tuple[Config, Library]:
    from coder.app.policy import standing
    from coder.app.workflowing.places import library_here
    from coder.config.flags import Flags
    from coder.config.paths import current_folder
    from coder.frontends.slash.registry import reserved

    config = standing(Flags(cwd=cwd, headless=False), os.environ, current_folder()).config
    return config, library_here(config, reserved())


def named_entry(name: str, found: Library, config: Config) -> Entry:
    """By its name, also of what does not count, or by its file. Raises ConfigError that names what may be meant."""
    from coder.core.visible import visible_line
    from coder.workflows.library import entry_of
    from coder.workflows.naming import near

    bare = name.removeprefix("/")
    entry = found.find(bare) or next((each for each in found.entries if each.name == bare), None)
    if entry is not None:
        return entry
    path = Path(os.path.normpath(config.cwd / name))
    if path.suffix == ".md" or path.is_file():
        real = os.path.realpath(path)
        known = next((each for each in found.entries if os.path.realpath(each.file) == real), None)
        if known is not None:
            return known
        if path.exists():
            return entry_of(path, found.known)
        raise ConfigError(f"there is no file {visible_line(name)}.")
    close = near(bare, [each.name for each in found.entries])
    hint = f"Did you mean {close}?" if close else "See them all: coder workflow list"
    raise ConfigError(f"there is no workflow {visible_line(bare)[:80]!r}. {hint}")
