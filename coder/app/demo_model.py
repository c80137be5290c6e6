"""The offline model of `coder --model demo`: a script on loopback that needs no key and costs nothing. Must not know
what it says.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import Config, ModelConfig
from coder.core.lazy import LazyModule
from coder.models.catalog import OFFLINE

if TYPE_CHECKING:
    from coder.replay.player import Call, Played
    from coder.replay.script import ScriptPlayer

NAME = OFFLINE
FOLDER = Path(__file__).resolve().parent.parent / "demo"
# Loaded when somebody wants the demo.
_load = LazyModule("coder.replay.load")
_run = LazyModule("coder.replay.run")
_script = LazyModule("coder.replay.script")


@contextlib.asynccontextmanager
async def demo_serving(
    cwd: Path, script: Path = FOLDER / "model.yaml", is_quick: Callable[[], bool] = lambda: False
) -> AsyncIterator[str]:
    """The base URL of the demo model, for a session in `cwd`. While `is_quick` it does not take its time.

    Raises ConfigError when loopback cannot be used.
    """
    found = _load.load_script(script)
    places = {"cwd": str(cwd)}
    rules = tuple(replace(rule, reply=_script.fill(rule.reply, places)) for rule in found.rules)
    at_once = tuple(replace(rule, reply=replace(rule.reply, wait=0.0, delay=0.0)) for rule in rules)
    slow, quick = (_script.ScriptPlayer(replace(found, rules=each)) for each in (rules, at_once))
    async with _run.serving(_Paced(slow, quick, is_quick), continuity=False) as url:
        yield url


class _Paced:
    """One of two players of the same rules."""

    def __init__(self, slow: ScriptPlayer, quick: ScriptPlayer, is_quick: Callable[[], bool]) -> None:
        self._slow, self._quick, self._is_quick = slow, quick, is_quick

    def play(self, call: Call) -> Played:
        return (self._quick if self._is_quick() else self._slow).play(call)

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return self._slow.is_known_thinking(thinking, signature)

    def unfinished(self) -> str:
        return ""


def with_demo_model(config: Config, url: str) -> Config:
    """The settings with the demo model in place of the person's: no key of theirs is sent there."""
    return replace(config, model=demo_model(url))


def demo_model(url: str) -> ModelConfig:
    return ModelConfig(NAME, url, api_key=NAME, key_source=NAME, is_replay=True)
