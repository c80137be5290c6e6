"""What the scheduler needs of whatever runs attempts: this machine today, a cluster another day. One protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from coder.batch.outcome import Outcome
from coder.batch.task import Task
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`run` names the batch, `number` counts the attempts at this task from 1, whatever became of them. `usd` is what
    it may spend, None: no limit. `base` is the commit it begins at, "" where there is none. `session` is the id of its
    session. `pid` and `begun` are for one that another process ran: they name it, where that is known."""

    run: str
    number: int
    session: str
    base: str = ""
    usd: float | None = None
    pid: int = 0
    begun: str = ""


@dataclass(frozen=True, slots=True)
class Doing:
    """How far an attempt is: `turns` so far, and what it does."""

    turns: int = 0
    doing: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The process of an attempt, as another one can tell it from a later process with the same number."""

    pid: int
    begun: str


class Backend(Protocol):
    @property
    def capacity(self) -> int:
        """How many attempts it runs at once."""
        ...

    async def run(self, task: Task, attempt: Attempt, tell: Callable[[Doing | Running], None]) -> Outcome:
        """One attempt, to its end, in a place of its own that nothing else writes to. Whatever happens to it is an
        outcome; nothing of what it changed is lost. It stays within `attempt.usd` and `task.timeout`, and leaves no
        process behind. Cancelled, it stops all it began, keeps what was done, and returns an outcome that is `stopped`.
        """
        ...

    async def recover(self, task: Task, attempt: Attempt) -> Outcome:
        """What is left of an attempt whose scheduler was killed: ends what still runs of it, keeps what it changed. The
        outcome is `stopped`; its `branch` is where the work is, "" when there was none. Never raises."""
        ...
