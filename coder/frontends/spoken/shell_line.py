"""A command of the person's own (`!`), in lines. Must not know who typed it, nor when."""

from __future__ import annotations

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.visible import visible, visible_line
from coder.frontends.amounts import counted, spoken_duration
from coder.frontends.spoken.terminal import Terminal

_SHOWN = 200  # lines
_INDENT = 400


async def run(session: Session, terminal: Terminal, command: str) -> None:
    """Runs it and says what it printed, which the model is told too. Cancel to kill it."""
    try:
        done = await session.shell(command, lambda _: None)
    except CoderError as error:
        terminal.say(f"error: {visible_line(str(error))}")
        return
    lines = visible(done.output.strip("\n"), blanks=_INDENT).split("\n") if done.output.strip() else []
    more = len(lines) - _SHOWN
    label = "tool failed" if done.code else "tool"
    took = spoken_duration(done.seconds)
    how = f"exit {done.code}, {took}" if done.code else f"done in {took}"
    terminal.say(
        f"{label}: your command {visible_line(command)}, {how}, {counted(len(lines), 'line')}{':' if lines else '.'}",
        *lines[:_SHOWN],
        *([f"{counted(more, 'more line')} went to the model."] if more > 0 else []),
    )
