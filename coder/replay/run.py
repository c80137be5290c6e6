"""Replaying and recording around a run: a base URL for as long as a block lasts. Must not know the command line."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from coder.replay.load import load_player
from coder.replay.player import Player
from coder.replay.record import Recorder
from coder.replay.script import Script, ScriptPlayer
from coder.replay.server import Exchange, FakeApi


def api_for(
    player: Player,
    *,
    port: int = 0,
    continuity: bool = True,
    on_exchange: Callable[[Exchange], None] | None = None,
) -> FakeApi:
    """A fake API for a player, with the limits its script asks for."""
    script = player.script if isinstance(player, ScriptPlayer) else Script()
    return FakeApi(
        player,
        port=port,
        continuity=continuity,
        context_limit=script.context_limit,
        cache_min_tokens=1024 if script.cache_min_tokens is None else script.cache_min_tokens,
        on_exchange=on_exchange,
    )


@contextlib.asynccontextmanager
async def serving(
    what: Path | Player,
    *,
    roots: Mapping[str, str] | None = None,
    strict: bool = False,
    pace: float = 0.0,
    continuity: bool = True,
) -> AsyncIterator[str]:
    """The base URL of a fake API that plays a script, a cassette or a player. Raises ConfigError for a bad file.

    `roots` says where the paths named in a cassette are this time, such as `{"cwd": "/home/me/project"}`.
    """
    player = load_player(what, strict=strict, roots=roots, pace=pace) if isinstance(what, Path) else what
    async with api_for(player, continuity=continuity) as api:
        yield api.url


@contextlib.asynccontextmanager
async def recording(path: Path, upstream: str, *, roots: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """The base URL of a proxy to `upstream` that records a cassette. Raises ConfigError when it cannot write there.

    Each of `roots` (name → path) is written as `{{name}}`, so that the cassette plays elsewhere.
    """
    async with Recorder(path, upstream, roots=roots) as recorder:
        yield recorder.url
