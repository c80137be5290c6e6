"""Whoever is told round the run of a tool call: what looks on, what notes it, what keeps what it changes.

None of them may fail a call. Must not know tools, or who is behind a port.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from coder.core.messages import ToolUse
from coder.core.requests import Effect
from coder.core.tools import Access

if TYPE_CHECKING:
    from coder.permissions.gitdrops import Drop

Watch: TypeAlias = Callable[[tuple[Effect, ...]], AbstractAsyncContextManager[None]]
"""Entered before a call runs and left when it has ended, however it ended: told what the call would do, it may look at
those paths before and after."""


def _seen_nothing(effects: tuple[Effect, ...]) -> AbstractAsyncContextManager[None]:
    return nullcontext()


class CallLog(Protocol):
    """Where it is noted that a call is about to run, so that after a crash it is known what may have happened."""

    def started(self, call: ToolUse) -> None:
        """The call runs next. Synchronous; never raises."""
        ...

    async def settle(self) -> None:
        """What was noted lasts. Waited for before a call that may change anything."""
        ...


class Unnoted:
    def started(self, call: ToolUse) -> None:
        pass

    async def settle(self) -> None:
        pass


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A call that is about to run and may change something, as people see it; `writes` are the files it names."""

    summary: str
    access: Access
    effects: tuple[Effect, ...]
    writes: tuple[Path, ...]


class Checkpoints(Protocol):
    """Keeps what calls change. Never fails a call."""

    async def before_asking(self, drop: Drop) -> str:
        """Called before git may drop work, and before anybody is asked. Returns a line for the call's result, or ""."""
        ...

    def around(self, call: Watched) -> AbstractAsyncContextManager[None]:
        """Entered before such a call runs and left when it has ended, however it ended."""
        ...


class NoCheckpoints:
    async def before_asking(self, drop: Drop) -> str:
        return ""

    def around(self, call: Watched) -> AbstractAsyncContextManager[None]:
        return nullcontext()


@dataclass(frozen=True, slots=True, eq=False)
class Ports:
    """`log` is told before a call runs, `watch` and `checkpoints` are entered round it; by default nobody is."""

    watch: Watch = _seen_nothing
    log: CallLog = field(default_factory=Unnoted)
    checkpoints: Checkpoints = field(default_factory=NoCheckpoints)
