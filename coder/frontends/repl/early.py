"""Stopping and leaving before the session has been loaded: the keys that have to work from the first row on.

Must not know sessions; the keys of the loaded session come before these.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coder.frontends.repl.prompt import Prompt

_AGAIN = 2.0  # seconds in which the second press leaves


class EarlyKeys:
    def __init__(self, prompt: Prompt, leave: Callable[[], None]) -> None:
        self._prompt = prompt
        self._leave = leave
        self._asked = -_AGAIN
        self.modes = 0
        """How often the next mode was asked for."""

    def handlers(self) -> dict[str, Callable[[], None]]:
        return {"interrupt": self.interrupt, "leave": self.end_of_input, "mode": self.next_mode}

    def interrupt(self) -> None:
        now = time.monotonic()
        if self._prompt.text:
            self._prompt.clear()
        elif now - self._asked < _AGAIN:
            self._leave()
        else:
            self._asked = now

    def next_mode(self) -> None:
        self.modes += 1

    def end_of_input(self) -> None:
        if self._prompt.text:
            self._prompt.buffer.delete()
        else:
            self._leave()
