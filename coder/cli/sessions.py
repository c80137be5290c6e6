"""`coder sessions`: the conversations of the past. Only puts the commands together; they are in the files beside."""

from __future__ import annotations

import typer

from coder.cli.sessions_copy import export, import_
from coder.cli.sessions_find import LIMIT, All, Json, Limit, list_, search, show
from coder.cli.sessions_keep import doctor, gc, remove, rename
from coder.core.errors import ConfigError

_HELP = (
    "Conversations of the past. SESSION is an id, the beginning of one, a title, or words of it. Resume one with "
    "`coder -p -r SESSION`."
)
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=_HELP)


@app.callback(invoke_without_command=True)
def latest(context: typer.Context, all_: All = False, limit: Limit = LIMIT, json_: Json = False) -> None:
    """Without a command it lists, with the same flags."""
    if context.invoked_subcommand is None:
        list_(all_, limit, json_)
    elif (all_, limit, json_) != (False, LIMIT, False):
        raise ConfigError(f"flags of coder sessions {context.invoked_subcommand} come after its name.")


app.command("list", short_help="The sessions of this folder, the latest first.")(list_)
app.command()(show)
app.command()(search)
app.command()(export)
app.command("import", short_help="Copy sessions of Claude Code, or of another machine.")(import_)
app.command()(rename)
app.command("rm")(remove)
app.command(short_help="Remove leftovers, and the oldest sessions over a size.")(gc)
app.command()(doctor)
