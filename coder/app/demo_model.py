"""The offline model of `coder --model demo`: a script on loopback that needs no key and costs nothing. Must not know
what it says.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from coder.core.config import Config, ModelConfig
from coder.core.lazy import LazyModule
from coder.models.catalog import OFFLINE

NAME = OFFLINE
FOLDER = Path(__file__).resolve().parent.parent / "demo"
# Loaded when somebody wants the demo.
_load = LazyModule("coder.replay.load")
_run = LazyModule("coder.replay.run")
_script = LazyModule("coder.replay.script")


@contextlib.asynccontextmanager
async def demo_serving(cwd: Path, script: Path = FOLDER / "model.yaml") -> AsyncIterator[str]:
    """The base URL of the demo model, for a session in `cwd`. Raises ConfigError when loopback cannot be used."""
    found = _load.load_script(script)
    places = {"cwd": str(cwd)}
    rules = tuple(replace(rule, reply=_script.fill(rule.reply, places)) for rule in found.rules)
    turns = tuple(_script.fill(turn, places) for turn in found.turns)
    player = _script.ScriptPlayer(replace(found, rules=rules, turns=turns))
    async with _run.serving(player, continuity=False) as url:
        yield url


def with_demo_model(config: Config, url: str) -> Config:
    """The settings with the demo model in place of the person's: no key of theirs is sent there."""
    return replace(config, model=demo_model(url))


def demo_model(url: str) -> ModelConfig:
    return ModelConfig(NAME, url, api_key=NAME, key_source=NAME, is_replay=True)
