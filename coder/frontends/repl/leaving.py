"""The question before what runs in the background is ended with the session. Must not know the terminal."""

from __future__ import annotations

from coder.frontends.beside import still_running
from coder.frontends.folding import fold_row
from coder.frontends.repl.modal import Shape
from coder.frontends.styled import row


class LeaveModal:
    """`result` is "y" or "n"."""

    keeps_prompt = False
    grace = 0.0
    step = 0

    def __init__(self, tasks: int, agents: int = 0) -> None:
        self._tasks, self._agents = tasks, agents
        self.result = "n"

    def shape(self, width: int, height: int) -> Shape:
        what, them = still_running(self._tasks, self._agents)
        keys = f"y stop {them} and leave · n stay"
        return Shape(fold_row(row(("? ", "warn"), f"{what} ", (keys, "bold")), width, 2))

    def press(self, key: str, data: str) -> bool:
        if key == "text" and data in ("y", "Y"):
            self.result = "y"
            return True
        return (key == "text" and data in ("n", "N")) or key in ("esc", "ctrl+c", "ctrl+d")
