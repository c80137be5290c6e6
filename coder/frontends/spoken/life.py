"""A whole session in plain lines, from the first line to the last. Must not know where a session comes from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from coder.app.starting import NEW, Start
from coder.core.config import Config
from coder.frontends.spoken.desk import Open
from coder.frontends.spoken.signals import Signals
from coder.frontends.spoken.talk import RunLine, Talk
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.spoken.ui import SpokenUi

Prepare: TypeAlias = Callable[[SpokenUi], Awaitable["Config | int"]]
HEARTBEAT = 30.0  # seconds between two signs of life


async def run(
    opens: Open,
    prepare: Prepare,
    run_line: RunLine,
    *,
    why: str,
    env: Mapping[str, str],
    home: Path,
    start: Start = NEW,
    first: str = "",
    heartbeat: float = HEARTBEAT,
) -> int:
    """The exit code. `why` names what asked for plain lines (see `why.py`); `prepare` asks what has to be asked before
    a session is opened and gives its settings, or the exit code when there is to be none; `first` is a first message.

    Raises CoderError when no session can be opened.
    """
    with Terminal() as terminal:
        terminal.say(f"Screen reader mode is on (from {why}).")
        ui = SpokenUi(terminal, env)
        prepared = await prepare(ui)
        if isinstance(prepared, int):
            return prepared
        talk = Talk(terminal, ui, opens, prepared, run_line, env, home, heartbeat)
        with Signals(talk.interrupted, talk.ended):
            return await talk.run(start, first)
