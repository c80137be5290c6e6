"""What a session lends to its subagents, and what it makes anew for each. Must not know how an agent is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from coder.agent.control import Control
from coder.agent.gate import Ask, Gate, Remember
from coder.agent.ports import Others, Watch
from coder.app.hooking.points import Points
from coder.app.outset import Outset
from coder.app.subagents.cast import Casting
from coder.app.subagents.pen import Pen
from coder.core.choices import Mode
from coder.core.dataclass import dataclass
from coder.core.messages import Message
from coder.core.tools import Tool
from coder.tools.registry import Helpers, ToolSession
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.app.reach.linking import Connect
    from coder.app.subagents.coming import Due
    from coder.app.subagents.merging import Merging
    from coder.app.subagents.origin import Origin


class Makes(Protocol):
    """Makes the tools of a session anew, in the session's order, for an agent that works elsewhere."""

    def __call__(
        self,
        shared: ToolSession,
        workspace: LocalWorkspace,
        agents: Helpers,
        tell: Callable[[Message], None],
        messages: Callable[[], Sequence[Message]],
    ) -> Sequence[Tool]: ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Footing:
    """`tools` makes the tools of an agent, `find` finds further ones, those of servers; `gate` is the session's, whose
    questions no agent's interrupt. `connect` makes the links to servers that an agent brings, None: for real.
    `interrupt` ends the run under way, `merging` is how a branch gets into the session's work tree; `due` is the memory
    of folders that one comes to."""

    outset: Outset
    casting: Casting
    pen: Pen
    gate: Gate
    ask: Ask
    remember: Remember
    points: Points
    others: Others
    watch: Watch
    tools: Makes
    find: Callable[[str], Tool | None] | None
    connect: Connect | None
    origin: Callable[[], Origin]
    merging: Merging
    interrupt: Callable[[], None]
    due: Due


class AgentControl(Control):
    """The mode of an agent is the session's at each moment, or its definition's own where the session's gives no more
    leave than that. Plan binds it whatever its own is. What a person's answer changes is the session's."""

    def __init__(self, session: Control, own: Mode | None, model: str, *, is_bound: bool = False) -> None:
        super().__init__(session.mode, model, lambda event: None)
        self._session = session
        self._own = own
        self._is_bound = is_bound

    @property
    def mode(self) -> Mode:
        given = self._session.mode
        if self._own is None or given == "plan":
            return given
        if given in ("bypassPermissions", "acceptEdits") and not self._is_bound:
            return given
        return self._own

    def set_mode(self, mode: Mode) -> None:
        self._session.set_mode(mode)
