"""A whole session in plain lines on a pty, for tests. `speaking` starts the program itself; with a heartbeat of its
own, which the program has no option for, `python -m tests.support.spoken_harness SECONDS`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pexpect

from coder.app.build import open_session
from coder.app.session import Session
from coder.app.starting import Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.frontend import Frontend
from coder.frontends import doorstep
from coder.frontends.desk import Ui
from coder.frontends.slash.dispatch import run_line
from coder.frontends.spoken.life import run
from tests.support.cli import DEADLINE, Place


def speaking(place: Place, url: str, *options: str, heartbeat: str = "", env: Mapping[str, str] = {}) -> Any:
    """The running front end, as pexpect has it. Its text comes with CR LF."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.support.spoken_harness", heartbeat] if heartbeat else ["-m", "coder", *options],
        cwd=str(place.project),
        env=place.env(url, {"TERM": "dumb", **env}),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=DEADLINE,
    )


async def _open(frontend: Frontend, config: Config, start: Start) -> Session:
    return await open_session(config, frontend, start=start)


async def _prepare(ui: Ui) -> Config | int:
    return await doorstep.prepare(ui, _load(), _reload, os.environ, Path.home())


async def _reload(demo: bool) -> Config:
    return _load()


def _load() -> Config:
    return load(Flags(headless=False), os.environ, Path.cwd())


if __name__ == "__main__":
    sys.exit(
        asyncio.run(
            run(
                _open,
                _prepare,
                run_line,
                why="--screen-reader",
                env=os.environ,
                home=Path.home(),
                heartbeat=float(sys.argv[1]),
            )
        )
    )
