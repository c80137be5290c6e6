"""`coder conformance`: whether a command keeps the headless contract. Must not know what is checked."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from coder.cli.conformance_page import as_json, rows_of_check, rows_of_verdict, summary
from coder.conformance.catalogue import chosen
from coder.conformance.check import Check, Verdict
from coder.conformance.running import AT_ONCE, PATIENCE, verdicts
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.frontends.exit_codes import FAILED
from coder.frontends.steps import QuietConsole

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def conformance(
    against: Annotated[
        str | None, typer.Option("--against", metavar="CMD", help="The command to check; this coder unless given.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Checks of that name or pattern; repeatable.")
    ] = None,
    lists: Annotated[bool, typer.Option("--list", help="Show the checks, and run none.")] = False,
    as_data: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    at_once: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=32, help="So many at a time.")] = AT_ONCE,
    patience: Annotated[
        float, typer.Option("--patience", metavar="SECONDS", min=1, help="How long to wait for one thing.")
    ] = PATIENCE,
) -> None:
    """Check that a command keeps the headless contract, from outside: no network, no key, throw-away folders.

    Exit 1 when a check fails. docs/conformance.md says what each looks at.
    """
    checks = chosen(only or [])
    console = QuietConsole(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
    if lists:
        if as_data:
            print(json.dumps([{"name": c.name, "section": c.section, "promise": c.promise} for c in checks], indent=2))
            return
        for check in checks:
            console.print(rows_of_check(check))
        return
    found = asyncio.run(_run(checks, _command(against), None if as_data else console, at_once, patience))
    if as_data:
        print(json.dumps(as_json(found), indent=2))
    else:
        console.print()
        console.print(summary(found))
    if any(verdict.state == "fail" for verdict in found):
        raise typer.Exit(FAILED)


def _command(against: str | None) -> list[str]:
    if against is None:
        return [sys.executable, "-m", "coder"]
    try:
        words = shlex.split(against)
    except ValueError as error:
        raise ConfigError(f"--against {against!r}: {error}. Quote it as in a shell.") from error
    if not words:
        raise ConfigError("--against needs a command, such as --against /usr/local/bin/coder.")
    program = shutil.which(words[0])
    if program is None:
        why = "cannot be run" if Path(words[0]).exists() else "is not there"
        shown = visible_line(words[0])[:200]
        raise ConfigError(f"--against: the program {shown} {why}. Check its path and its rights.")
    return [str(Path(program).absolute()), *words[1:]]  # each check runs it in a folder of its own


async def _run(
    checks: Sequence[Check], command: Sequence[str], console: QuietConsole | None, at_once: int, patience: float
) -> list[Verdict]:
    found: list[Verdict] = []
    async for verdict in verdicts(checks, command, patience=patience, at_once=at_once):
        found.append(verdict)
        if console is not None:
            for line in rows_of_verdict(verdict):
                console.print(line)
    return found
