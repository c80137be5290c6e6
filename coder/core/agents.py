"""What is asked of a subagent, what comes back, and what a session can be asked about them. Values and one protocol.

Must not know models, transcripts or front ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage

AgentEnd: TypeAlias = Literal["completed", "failed", "stopped"]
AgentState: TypeAlias = Literal["queued", "running", "waiting", "completed", "failed", "stopped"]
"""`queued`: it has no place yet; `waiting`: for the person's answer, or for another agent that is changing files."""


class Group(Protocol):
    """Agents whose number and spending are bounded together, such as those of a workflow."""

    @property
    def count(self) -> int:
        """How many were begun."""
        ...

    @property
    def usd(self) -> float | None:
        """What they spent, in dollars; None when the price of any request is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Brief:
    """What one agent is asked. `kind` names its definition, "" is general-purpose; `title` is three to five words for
    people, `prompt` all it is told. `model`, `effort`, `turns` and `isolation` overrule the definition where they are
    set; `background` None is as the definition says. `name` is what it can be called by later, besides its id. `out` is
    a JSON schema: the agent must hand in a value that fits it. `call` is the tool use that asked, "" for none; `parent`
    the agent that did. `group` bounds it; None: by the run that asked. `key` names the work: an agent with the same key
    that was cut off in this session goes on where it was, and one that has ended is not asked again; "" is made of
    kind, prompt, model and `out`."""

    prompt: str
    title: str = ""
    kind: str = ""
    model: str = ""
    effort: Effort | None = None
    turns: int | None = None
    background: bool | None = None
    isolation: Literal["", "worktree"] = ""
    name: str = ""
    out: Json | None = None
    call: str = ""
    parent: str = "main"
    group: Group | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Report:
    """How an agent ended. `text` is its last word, bounded; where it was longer, `artifact` is the file with all of it.
    `value` is what it handed in for `Brief.out`. `branch` holds what it changed in a worktree of its own, "" when that
    is nothing. `usd` None: not known. `resumed`: it had ended before, and was not asked again. `in_front`: it was to
    work in the background, and was waited for all the same, because nothing does here or (`nested`) no agent's does."""

    id: str
    kind: str
    title: str
    model: str
    state: AgentEnd
    text: str = ""
    error: str = ""
    value: Json | None = None
    artifact: Path | None = None
    branch: str = ""
    usage: Usage = field(default_factory=Usage)
    usd: float | None = 0.0
    tool_uses: int = 0
    seconds: float = 0.0
    resumed: bool = False
    in_front: Literal["", "off", "nested"] = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AgentRow:
    """An agent as people see it. `doing` is what it does now, such as "reading src/cart.py"; `step` counts its turns,
    `tokens` is all it used; `usd` None: not known. `is_stuck`: nothing has come from it for long."""

    id: str
    kind: str
    title: str
    model: str
    state: AgentState
    parent: str = "main"
    call: str = ""
    doing: str = ""
    step: int = 0
    tool_uses: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    background: bool = False
    is_stuck: bool = False
    transcript: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Merged:
    """What became of merging a branch into the work tree. `conflicts` are the files in the way: nothing has changed
    then. `text` says it to people."""

    ok: bool
    text: str
    commit: str = ""
    conflicts: tuple[str, ...] = ()


def _nothing() -> None:
    pass


class Agents(Protocol):
    """The subagents of a session."""

    async def run(self, brief: Brief, primed: Callable[[], None] = _nothing) -> Report:
        """To its end, waiting for a place first. `primed` is called once, when the first byte of its first reply is
        there, or when it has ended before that. Cancelled, the agent is stopped; its transcript stays.

        Raises ToolError, which says why, when it is refused: no such kind, too many, too deep, no money left.
        """
        ...

    def start(self, brief: Brief) -> str:
        """In the background; its id. What it reports is told to the conversation at the next turn boundary. Raises
        ToolError like `run`."""
        ...

    def group(self, most: int, usd: float | None = None) -> Group:
        """A new group of at most `most` agents that may spend `usd` dollars together; None: what the session may."""
        ...

    async def merge(self, branch: str, title: str) -> Merged:
        """Merges what an agent changed in its worktree into the session's work tree, undoable; never raises."""
        ...

    def rows(self) -> tuple[AgentRow, ...]:
        """All of this session, in the order in which they were begun."""
        ...

    def steer(self, id: str, text: str) -> None:
        """Says something to a running agent; read at its next turn. Raises SessionError for one that does not run."""
        ...

    async def stop(self, id: str) -> None:
        """Ends one. Raises SessionError for an unknown id; nothing happens when it has ended."""
        ...
