"""`coder context`: what fills the context of a session. Must not know how a request is put together."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from typing import Annotated

import typer

from coder.app.build import open_session
from coder.app.starting import Start
from coder.cli.context_page import page
from coder.cli.cost import SESSION
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import current_folder
from coder.core.config import Config
from coder.core.events import AnyEvent
from coder.core.requests import Deny, Reply, Request
from coder.sessions.locate import latest
from coder.telemetry.context_report import ContextReport

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class _Nobody:
    """A front end for looking only."""

    def emit(self, event: AnyEvent) -> None:
        pass

    async def ask(self, request: Request) -> Reply:
        return Deny("nobody is there to ask", nobody=True)


@app.command()
def context(
    session: Annotated[str, typer.Argument(metavar="SESSION", help=SESSION, show_default=False)] = "",
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="As it would be with this model.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What fills the context: tokens by part, and the largest items with what makes each less.

    Alone: of the last session of this folder, or of a new one. Tools and system prompt are those it would have now.
    """
    config = load(Flags(model=model), os.environ, current_folder())
    # Not to be stored means not to be locked: the session may be running elsewhere.
    config = replace(config, persist=False, max_budget_usd=None, max_tokens_total=None)
    name, found = asyncio.run(
        _report(config, session, keeps_model=model is None and not os.environ.get("ANTHROPIC_MODEL"))
    )
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
        return
    print(f"Session {name[:8]}" if name else "A new session")
    print("\n".join(page(found)))


async def _report(config: Config, session: str, *, keeps_model: bool) -> tuple[str, ContextReport]:
    """The id of the session, "" for a new one, and what fills its context."""
    here = latest(config.home, config.cwd)
    start = Start(resume=session or (here.stem if here else None), keeps_model=keeps_model)
    opened = await open_session(config, _Nobody(), start=start)
    try:
        return opened.facts.session_id if start.goes_on else "", await opened.context()
    finally:
        await opened.aclose()
