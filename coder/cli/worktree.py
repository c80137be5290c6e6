"""`coder worktree`: the worktrees that sessions work in. Must not know what makes one safe to remove."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Annotated

import typer

from coder.app.worktree_care import flags_to_resume, found, remove, rows
from coder.cli.fitting import fitting
from coder.cli.worktree_page import as_json, gone_json, gone_page, page
from coder.config.paths import config_home, current_folder
from coder.core.errors import ConfigError
from coder.git.worktrees.trees import main_checkout

_HELP = (
    "Worktrees that sessions work in, each a folder and a branch of its own: coder -w NAME makes one. "
    "docs/worktrees.md tells when one is removed."
)
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=_HELP)
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a worktree.")]
_PASSED = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


@app.callback(invoke_without_command=True)
def latest(context: typer.Context, json_: Json = False) -> None:
    """Without a command it lists."""
    if context.invoked_subcommand is None:
        list_(json_)
    elif json_:
        raise ConfigError(f"flags of coder worktree {context.invoked_subcommand} come after its name.")


@app.command("list")
def list_(json_: Json = False) -> None:
    """Those of this repository: branch, what is in each, the last session there."""
    found_rows = rows(os.environ, config_home(os.environ), current_folder())
    if json_:
        print(json.dumps([as_json(row) for row in found_rows], indent=2))
    else:
        print("\n".join(fitting(line, sys.stdout) for line in page(found_rows, time.time())))


@app.command(context_settings=_PASSED)
def resume(context: typer.Context, name: Name) -> None:
    """Go on with the last session of a worktree. Further flags, and a prompt, are those of coder."""
    from coder.cli.main import run

    _, tree = found(current_folder(), name)
    code = run([*flags_to_resume(tree, config_home(os.environ)), *context.args])
    raise typer.Exit(code)


@app.command("remove")
def remove_(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Save elsewhere what it holds, then remove it.")] = False,
    json_: Json = False,
) -> None:
    """Remove a worktree, and its branch, when nothing is lost by it."""
    here = current_folder()
    gone = remove(os.environ, config_home(os.environ), here, name, force=force)
    if json_:
        print(json.dumps(gone_json(gone)))
    else:
        print("\n".join(fitting(line, sys.stdout) for line in gone_page(gone, main_checkout(here).top)))
