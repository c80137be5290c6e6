"""`coder replay serve`: the fake API by hand. Must not know how a script or a cassette is played."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from coder.config.paths import current_folder, user_home
from coder.core.errors import ConfigError

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def replay() -> None:
    """Play a script or a recorded cassette as a fake Messages API."""


@app.command()
def serve(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script (YAML or JSON) or a cassette (JSONL).")],
    port: Annotated[int, typer.Option(metavar="N", help="The port to listen on; 0 takes a free one.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Match the text of requests to a cassette too.")] = False,
    no_continuity: Annotated[bool, typer.Option("--no-continuity", help="Allow changed prefixes.")] = False,
    root: Annotated[
        list[str] | None, typer.Option(metavar="NAME=PATH", help="The path that a cassette names so.")
    ] = None,
) -> None:
    """Serve FILE on 127.0.0.1 until Ctrl-C."""
    try:
        asyncio.run(_serve(file, port, strict, not no_continuity, _roots(root or [])))
    except ConfigError as error:
        print(f"coder replay: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def _roots(given: list[str]) -> dict[str, str]:
    roots = {"cwd": str(current_folder()), "home": str(user_home(os.environ))}
    for item in given:
        name, equals, path = item.partition("=")
        if not (name and equals and path):
            raise ConfigError(f"--root {item}: expected NAME=PATH, such as cwd=/home/me/project")
        roots[name] = path
    return roots


async def _serve(file: Path, port: int, strict: bool, continuity: bool, roots: dict[str, str]) -> None:
    from coder.replay.load import load_player
    from coder.replay.run import api_for
    from coder.replay.server import Exchange

    def report(exchange: Exchange) -> None:
        for violation in exchange.violations:
            print(f"refused: {violation}", file=sys.stderr, flush=True)

    player = load_player(file, strict=strict, roots=roots)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with api_for(player, port=port, continuity=continuity, on_exchange=report) as api:
        print(f"fake Messages API on {api.url}, playing {file.name}; Ctrl-C stops it")
        print(f"export ANTHROPIC_BASE_URL={api.url} ANTHROPIC_API_KEY=fake", flush=True)
        await stop.wait()
    left = player.unfinished()
    print(f"\nserved {len(api.requests)} requests, refused {len(api.violations)}{f'; {left}' if left else ''}")
