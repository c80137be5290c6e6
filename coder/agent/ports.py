"""Whoever is told round the run of a tool call: what looks on, what notes it, what keeps what it changes.

None of them may fail a call. Must not know tools, or who is behind a port.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.edits import Trigger
from coder.core.messages import Json, ToolResult, ToolUse
from coder.core.requests import Effect, PermissionRequest, Reason, Reply
from coder.core.tools import Access, ToolOutput

if TYPE_CHECKING:
    from coder.agent.visits import Visit
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


class Others(Protocol):
    """Who knows of other sessions that work in the same place. Never fails a call, never holds one up."""

    def around(self, visit: Visit) -> AbstractAsyncContextManager[str]:
        """Entered before such a call runs and left when it has ended. Gives what the model is to be told with the
        result, however the call ends: who else changed what it touches; "" when nobody did."""
        ...

    async def objections(self, visit: Visit) -> tuple[Reason, ...]:
        """What a person who is asked about such a call should know of the others."""
        ...


class NoOthers:
    def around(self, visit: Visit) -> AbstractAsyncContextManager[str]:
        return nullcontext("")

    async def objections(self, visit: Visit) -> tuple[Reason, ...]:
        return ()


@dataclass(frozen=True, slots=True, repr=False)
class Before:
    """What hooks say of a call before it is judged. `input` replaces its input; `notes` are for the model; `stop`, when
    it is not empty, ends the run and says why."""

    verdict: Literal["", "allow", "ask", "deny"] = ""
    reason: str = ""
    input: Json | None = None
    notes: tuple[str, ...] = ()
    stop: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class After:
    """What hooks say of what has happened. `notes` are for the model; `stop` ends the run and says why; `content`
    replaces what the model is told of a call's result, None leaves it."""

    notes: tuple[str, ...] = ()
    stop: str = ""
    content: str | None = None


NOTHING_SAID = Before()
NOTHING_AFTER = After()


class Hooks(Protocol):
    """What the person has run at certain points. None of it raises but CancelledError."""

    async def before_call(self, call: ToolUse) -> Before:
        """PreToolUse: the call is about to be judged."""
        ...

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        """PermissionRequest: the person is about to be asked; None leaves it to them."""
        ...

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        """PostToolUse or PostToolUseFailure: the call has run."""
        ...

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        """PostToolBatch: all calls of a reply are answered."""
        ...

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        """PreCompact. Returns why it is not to be done, or ""."""
        ...

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        """PostCompact, then SessionStart of the conversation that goes on from there."""
        ...


class NoHooks:
    async def before_call(self, call: ToolUse) -> Before:
        return NOTHING_SAID

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        return None

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        return NOTHING_AFTER

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        return NOTHING_AFTER

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        return ""

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        return NOTHING_AFTER


@dataclass(frozen=True, slots=True, eq=False)
class Ports:
    """`log` is told before a call runs, `watch`, `checkpoints` and `others` are entered round it, `hooks` are asked
    before and after; by default nobody is."""

    watch: Watch = _seen_nothing
    log: CallLog = field(default_factory=Unnoted)
    checkpoints: Checkpoints = field(default_factory=NoCheckpoints)
    hooks: Hooks = field(default_factory=NoHooks)
    others: Others = field(default_factory=NoOthers)
