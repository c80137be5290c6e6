"""What an agent is made of once it is known who is asked for what: the values that a definition, the call and the
session agree on. Must not know how it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, Protocol

from coder.app.subagents.choice import Choice
from coder.core.agents import Brief
from coder.core.choices import Effort, Mode
from coder.core.config import RuleText, ServerSource
from coder.core.dataclass import dataclass
from coder.core.messages import Message


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cast:
    """`kind` is the name of the definition; `tools` the names of those it has, in the order of the session's, and
    `choice` says of any further one, such as a server's that is found later, whether it may be called. `model` is
    resolved. `mode` None: the session's own, as it is at each moment. `system` is its whole system prompt, `context`
    its first message before the prompt, None for none; `prompt` what it is told then. `calls` bounds its tool calls.
    `reads_only`: its mode is plan whatever the session's is, bypassPermissions too. `knows_project`: memory files of
    folders it comes to are told to it as to the session. `rules` are lent to the session's rules while it runs.
    `hooks` is raw, as its definition has it, and so is what is `described`: servers that are begun for it alone.
    `compacts_at` is the window that it thinks it has, None for the model's; `source` is the file, for messages."""

    kind: str
    model: str
    effort: Effort | None
    tools: tuple[str, ...]
    system: tuple[str, ...]
    prompt: str
    context: Message | None = None
    mode: Mode | None = None
    turns: int | None = None
    calls: int | None = None
    background: bool = False
    isolation: Literal["", "worktree"] = ""
    color: str = ""
    choice: Choice = field(default_factory=Choice)
    reads_only: bool = False
    knows_project: bool = True
    rules: tuple[RuleText, ...] = ()
    hooks: Mapping[str, Any] = field(default_factory=dict)
    described: ServerSource | None = None
    compacts_at: int | None = None
    source: str = ""


class Casting(Protocol):
    """Whoever knows the definitions of a session."""

    def cast(self, brief: Brief, depth: int) -> Cast:
        """`depth` is 1 for an agent that the session itself asks. Raises ToolError that says what there is instead, or
        why it cannot be."""
        ...

    def listed(self) -> str:
        """What the model is told of the kinds there are, a line each; the same all session long."""
        ...

    def names(self) -> tuple[str, ...]: ...
