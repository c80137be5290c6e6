"""What a program is told of a run: small frozen values, of which there may be more kinds some day. Must not know how a
run goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from coder.core.events import EndReason
from coder.core.messages import Json, Usage

if TYPE_CHECKING:
    from coder.core.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The first message of `query`. `warnings` are lines for people, such as settings that do not count."""

    session_id: str
    cwd: Path
    model: str
    tools: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph or more that the model said, whole. `agent` is "main", or the id of a subagent."""

    text: str
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    text: str
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a `Text` that is on its way; only with `Options.partial`. The whole follows."""

    text: str
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that was allowed and begins. `summary` is a line for people: `Bash pytest -q`."""

    id: str
    name: str
    input: Json
    summary: str
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDone:
    """What came of a call: `text` is what the model reads, `data` the structured result where the tool has one."""

    id: str
    name: str
    text: str
    is_error: bool
    summary: str
    seconds: float
    data: Json | None = None
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A call that was not run. `nobody`: it needed a yes, and there is no `Options.permission` to give one; `remedy` is
    then what would have allowed it."""

    id: str
    name: str
    input: Json
    why: str
    nobody: bool = False
    remedy: str = ""
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The model's API is tried again in so many seconds."""

    seconds: float
    attempt: int
    why: str
    status: int | None = None
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line for people."""

    level: Literal["info", "warning", "error"]
    text: str
    agent: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended; always the last message, and exactly one. `error` explains every `reason` but "done".

    `cost_usd` is that of the whole session so far, None where a price is unknown; `usage` is that of this run. `value`
    is what was handed in where `Options.answer` asks for a form.
    """

    text: str
    reason: EndReason
    session_id: str
    turns: int
    cost_usd: float | None
    usage: Usage
    seconds: float
    error: str = ""
    status: int | None = None
    denied: tuple[Denied, ...] = ()
    value: Any = None
    evidence: Evidence | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return self.reason == "done"


Message: TypeAlias = Started | Text | Thinking | Delta | ToolCall | ToolDone | Denied | Waiting | Note | Result
