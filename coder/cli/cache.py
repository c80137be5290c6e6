"""`coder cache`: what of each prompt came from the cache, and why what did not. Must not know how lines are stored."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from coder.cli.cache_page import page
from coder.cli.cost import SESSION, last_session, open_book, rows_of, say_bad
from coder.config.paths import config_home, current_folder
from coder.core.errors import UnknownSession
from coder.models import catalog
from coder.telemetry import ledger_file
from coder.telemetry.cache_report import report

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def cache(
    session: Annotated[str, typer.Argument(metavar="SESSION", help=SESSION, show_default=False)] = "",
    every: Annotated[bool, typer.Option("--all", help="Every request, also those without a miss.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What came from the prompt cache, and why what did not. Alone: the last session of this folder.

    Bytes are counted over tools, system prompt and messages in this order, as JSON and without cache marks.
    """
    home = config_home(os.environ)
    book = open_book(home)
    chosen = session or last_session(book, current_folder())
    if not chosen:
        raise UnknownSession("No session of this folder has asked a model yet. All that did: coder cost --by session")
    rows = rows_of(book, home, chosen)

    def head(name: str) -> Sequence[str]:
        try:
            found = json.loads(ledger_file.head(home, name) or b"[]")
        except ValueError:
            return ()
        return [text for text in found if isinstance(text, str)] if isinstance(found, list) else ()

    found = report(rows, catalog.price, head)
    if as_json:
        lines = [line.to_json() for line in found.lines]
        sums = {"hit": round(found.hit, 4), "missed_tokens": found.wasted, "missed_usd": found.dollars}
        print(json.dumps({"session": rows[0].session, **sums, "requests": lines}, indent=2))
    else:
        print("\n".join(page(rows[0].session, found, every=every)))
    say_bad(book)
