"""The tour of `coder demo` on a terminal: its folder, its scenes, its settings. Must not know how a screen is drawn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder import __version__
from coder.app.build import open_session
from coder.app.demo_model import FOLDER, demo_model, demo_serving
from coder.cli.demo import demo_config
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.frontends.styled import rows_of

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.core.frontend import Frontend
    from coder.frontends.repl.prompt import Prompt
    from coder.frontends.repl.talk import Talk
    from coder.frontends.repl.terminal import Terminal

Waits: TypeAlias = Literal["run", "picker"]

BEGIN = "This is a demo: a scripted model, a throw-away folder, no network, no cost."
END = "That was everything. The folder is gone. Start for real: coder"
LEFT = "The folder of the demo is gone. Start for real: coder"


@dataclass(frozen=True, slots=True)
class Scene:
    """`prompt` is typed for the person, below what it `says`. The next scene begins when the run is over ("run") or
    when the person has left the picker ("picker"); a question of either is theirs to answer."""

    prompt: str
    says: tuple[str, ...]
    waits_for: Waits


@dataclass(frozen=True, slots=True)
class Stage:
    """A throw-away folder with the project in it, and the config home beside that."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "shop"

    @property
    def home(self) -> Path:
        return self.folder / "home"


def scenes() -> tuple[Scene, ...]:
    return (
        Scene(
            "Make greet() polite and test it",
            (BEGIN, "Space skips ahead. The demo types what you would type; questions are yours."),
            "run",
        ),
        Scene(
            "/rewind",
            ("Changed your mind? Go back to any message: files, conversation, or both.",),
            "picker",
        ),
        Scene("/cost", ("What it cost is always there to see. This was nothing.",), "picker"),
    )


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """The folder for as long as the tour lasts. Nothing is left of it, however the tour ends."""
    stage = Stage(Path(tempfile.mkdtemp(prefix="coder-demo-")).resolve())
    try:
        shutil.copytree(FOLDER / "tour", stage.project, ignore=shutil.ignore_patterns("__pycache__"))
        stage.home.mkdir(mode=0o700)
        yield stage
    finally:
        shutil.rmtree(stage.folder, ignore_errors=True)


def run() -> int:
    """The tour from the first word to the last. Returns the exit code."""
    with staged() as stage:
        is_whole = asyncio.run(_toured(stage))
    print(END if is_whole else LEFT)
    return 0


async def _toured(stage: Stage) -> bool:
    """Whether the person saw all of it."""
    from coder.frontends.repl import app
    from coder.frontends.repl.opening import Opening
    from coder.frontends.repl.playing import Stagehand

    hand: Stagehand | None = None
    played = 0

    async def play(terminal: Terminal, prompt: Prompt, talk: Talk) -> None:
        nonlocal hand, played
        hand = Stagehand(terminal, prompt, talk)
        for scene in scenes():
            hand.say([*rows_of(scene.says, "dim"), ()])
            await hand.play(scene.prompt)
            played += 1

    async def opened(config: Config, frontend: Frontend, start: Start | None) -> Session:
        return await (open_session(config, frontend, start=start) if start else open_session(config, frontend))

    async with playing(stage, lambda: hand is not None and hand.is_skipping) as url:
        config = tour_config(stage, url)

        async def reloaded(demo: bool) -> Config:
            return config

        opening = Opening(config, opened, reloaded, __version__, os.environ, stage.home, play=play)
        await app.run(opening)
    return played == len(scenes())


def playing(stage: Stage, is_quick: Callable[[], bool] = lambda: False) -> AbstractAsyncContextManager[str]:
    """The base URL of the tour's model."""
    return demo_serving(stage.project, FOLDER / "tour.yaml", is_quick)


def tour_config(stage: Stage, url: str) -> Config:
    """Asks about everything, keeps all in the throw-away folder, and uses nothing of the person's own."""
    config = demo_config(stage.project, stage.home, url)
    return replace(config, model=demo_model(url), mode="default", rules=(), persist=True)
