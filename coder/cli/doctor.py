"""`coder doctor`: looks at everything coder needs, and says what to do. Must not know what there is to see."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from shutil import get_terminal_size
from typing import Annotated

import typer
from rich.text import Text

from coder.app.checks import Check, Site, examined, reachable
from coder.config.credentials import lacks_key
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import config_home, current_folder
from coder.core.errors import ConfigError
from coder.frontends.doctor import as_json, rows_of_check, summary
from coder.frontends.exit_codes import FAILED
from coder.frontends.steps import QuietConsole
from coder.frontends.styled import Row, Style

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_STYLES: dict[Style, str] = {"ok": "green", "warn": "yellow", "bad": "red", "dim": "dim", "bold": "bold"}


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the network.")] = False,
    as_data: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check that all is there, with one small request to try the key. Exit 1 when something stops it working."""
    size = get_terminal_size()
    is_tty = sys.stdout.isatty()
    encoding = sys.stdout.encoding or "ascii"
    site = Site(os.environ, current_folder(), config_home(os.environ), is_tty, encoding, size.columns, size.lines)
    console = QuietConsole(highlight=False, markup=False, soft_wrap=not is_tty)
    found: list[Check] = []

    def tell(check: Check) -> None:
        found.append(check)
        if not as_data:
            for line in rows_of_check(check):
                console.print(_styled(line))

    for check in examined(site):
        tell(check)
    if not offline and (online := _online(site)) is not None:
        tell(online)
    if as_data:
        print(json.dumps(as_json(found), indent=2))
    else:
        console.print()
        console.print(_styled(summary(found)))
    if any(check.state == "bad" for check in found):
        raise typer.Exit(FAILED)


def _online(site: Site) -> Check | None:
    """None where there is nothing to try: that was said already."""
    try:
        model = load(Flags(headless=False), site.env, site.cwd, site.home).model
    except ConfigError:
        return None
    return None if lacks_key(model) else asyncio.run(reachable(model, site.env))


def _styled(line: Row) -> Text:
    made = Text()
    for span in line:
        made.append(span.text, style=_STYLES.get(span.style, ""))
    return made
