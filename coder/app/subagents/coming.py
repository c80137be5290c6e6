"""Memory files of the folders that an agent comes to, told to it as to the session. Must not know how they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from coder.agent.history import History
from coder.agent.policies import Verdict
from coder.core.messages import Message


class Due(Protocol):
    """What has become due in a conversation that works in `cwd`; `here` says what of the session's a path of it is."""

    def __call__(self, messages: Sequence[Message], cwd: Path, here: Callable[[Path], Path]) -> Verdict: ...


class Coming:
    """A `TurnPolicy`. `cwd` is where paths of the agent begin."""

    def __init__(self, due: Due, cwd: Path, here: Callable[[Path], Path]) -> None:
        self._due = due
        self._cwd = cwd
        self._here = here

    def before_turn(self, turn: int, history: History) -> Verdict:
        return self._due(history.messages, self._cwd, self._here)
