"""What a workflow needs of the world to run: agents, commands, a person. A protocol; the session has it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from coder.core.agents import Agents
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended. `output` is its end, bounded. `refused` says why it was not run, "" when it was."""

    code: int
    output: str
    refused: str = ""


class Hands(Protocol):
    @property
    def agents(self) -> Agents: ...

    async def spent(self, keys: Collection[str]) -> float | None:
        """What agents that were asked under these keys cost so far, in dollars, whether they ended or not; None when
        that is not known."""
        ...

    async def shell(self, command: str, minutes: float) -> Ran:
        """Runs a command of the file in the session's folder, through the session's gate, undoable."""
        ...

    async def check(self, name: str, text: str) -> str:
        """What a check of ours says is wrong with a text, "" when it holds. Raises WorkflowError for an unknown one."""
        ...

    async def approve(self, step: str, question: str) -> bool | None:
        """Asks the person; None when nobody is there to answer and nothing answered beforehand."""
        ...

    @property
    def emit(self) -> Callable[[AnyEvent], None]: ...
