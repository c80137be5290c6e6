"""The question before commands in the background are ended with the session. Must not know the terminal."""

from __future__ import annotations

from coder.frontends.repl.modal import Shape
from coder.frontends.styled import cut, row


class LeaveModal:
    """`result` is "y" or "n"."""

    keeps_prompt = False
    grace = 0.0
    step = 0

    def __init__(self, running: int) -> None:
        self._running = running
        self.result = "n"

    def shape(self, width: int, height: int) -> Shape:
        what = "1 task is running" if self._running == 1 else f"{self._running} tasks are running"
        them = "it" if self._running == 1 else "them"
        return Shape([cut(row(("? ", "warn"), f"{what}. ", (f"y stop {them} and leave · n stay", "bold")), width)])

    def press(self, key: str, data: str) -> bool:
        if key == "text" and data in ("y", "Y"):
            self.result = "y"
            return True
        return (key == "text" and data in ("n", "N")) or key in ("esc", "ctrl+c", "ctrl+d")
