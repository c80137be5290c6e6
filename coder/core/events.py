"""Everything the engine announces. Copies of what happened: no behaviour may depend on one having been seen."""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.edits import Trigger
from coder.core.messages import Json, Message, ToolResult, ToolUse, Usage
from coder.core.model import Purpose
from coder.core.requests import Reason, Reply, Request

if TYPE_CHECKING:
    from coder.core.agents import AgentRow, Report
    from coder.core.evidence import Evidence

EndReason: TypeAlias = Literal[
    "done",
    "max_turns",
    "budget",
    "time_budget",
    "refusal",
    "max_tokens",
    "context_full",
    "model_error",
    "malformed",
    "loop",
    "token_budget",
    "rate_limit",
    "interrupted",
    "hook_stopped",
    "prompt_tool_missing",  # nobody could be asked, where a tool was named for it
    "gate_unmet",
    "unfit",  # no answer of the form that was asked for
    "server_missing",
    "not_begun",  # what was said could not be made a run of, such as a command there is none of
    "crashed",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Event:
    agent: str = "main"

    def __repr__(self) -> str:
        """One for all: one made for each would be a fifth of the time it takes to load this module."""
        held = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
        return f"{type(self).__name__}({held})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RunStarted(Event):
    prompt: Message


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TurnStarted(Event):
    turn: int  # 1-based


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StreamEvent(Event):
    """A raw API event. May be dropped by a slow front end."""

    raw: Json


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TextDelta(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ThinkingDelta(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MessageAdded(Event):
    """A message was committed to the history."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ToolStarted(Event):
    call: ToolUse
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ToolProgress(Event):
    tool_use_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ToolFinished(Event):
    call: ToolUse
    result: ToolResult
    data: Json | None  # the structured result (contracts §14.3)
    summary: str  # one line for people: "10 lines", "exit 1"
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PermissionAsked(Event):
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PermissionAnswered(Event):
    request: Request
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PermissionDenied(Event):
    """A call was not run. `nobody` when it would have been asked about but nobody was there."""

    call: ToolUse
    summary: str
    reasons: tuple[Reason, ...]
    message: str
    nobody: bool = False
    remedy: str = ""  # the flag or rule that would have allowed it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UsageReported(Event):
    """What one request used. `status`: as the API billed it, or estimated because the reply was cut."""

    model: str
    usage: Usage
    api_seconds: float
    purpose: Purpose = "main"
    status: Literal["billed", "estimated"] = "billed"
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ModelRetrying(Event):
    """`asked` is how long the server asked to wait, if it did."""

    attempt: int
    max_retries: int
    delay: float
    kind: str
    status: int | None
    message: str
    asked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CompactionStarted(Event):
    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CompactionEnded(Event):
    """Tokens of the context before and after, estimated. `error` says why a summary could not be had, if so."""

    trigger: Trigger
    before: int
    after: int
    error: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ContextEdited(Event):
    """The past was changed on purpose: the cached prefix holds up to `where` only."""

    why: str
    where: str
    freed: int  # tokens, estimated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StateChanged(Event):
    mode: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Notice(Event):
    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CheckpointTaken(Event):
    """Taken before a git command that may drop work, and before anybody is asked about it. `text` says so to people."""

    id: str
    before: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Committed(Event):
    """What a run changed is a commit on an agent branch now. `text` says so to people."""

    commit: str
    branch: str
    files: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TaskEnded(Event):
    """A command in the background ended by itself, or was stopped. `output` is the file with all it printed."""

    id: str
    command: str
    state: Literal["completed", "failed", "killed"]
    code: int
    seconds: float
    output: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AgentStarted(Event):
    """A subagent has a place and begins; `agent` is its id, as in everything it announces from now on. `depth` is 1 for
    one that the session itself asked."""

    row: AgentRow
    prompt: str
    depth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AgentProgressed(Event):
    """It is a step further. May be dropped by a slow front end. `summary` is what a model says that it is doing, where
    somebody wants to be told in such words, "" otherwise."""

    row: AgentRow
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AgentEnded(Event):
    row: AgentRow
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StepChanged(Event):
    """A step of a workflow begins, ends, waits for a person, or is taken from the journal of an earlier run. `item` is
    which of several, "" for the step itself; `text` says it to people in one line. `is_told_next`: what follows, the
    result of the run or why it ends, says the same in full."""

    workflow: str
    step: str
    state: Literal["started", "done", "failed", "waiting", "kept", "skipped"]
    item: str = ""
    text: str = ""
    is_told_next: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HookStarted(Event):
    """`name` is the point and what it matched, such as "PreToolUse:Bash"; `status` what it wants to be shown with."""

    id: str
    point: str
    name: str
    command: str
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HookEnded(Event):
    """`problem` is a line for people when it failed, timed out, or had nothing to say that could be understood."""

    id: str
    point: str
    name: str
    outcome: Literal["success", "error", "cancelled"]
    seconds: float
    code: int | None = None
    stdout: str = ""
    stderr: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TurnEnded(Event):
    turn: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HandedIn:
    """The answer of a run that had to have a form: a JSON value."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RunEnded(Event):
    """The end of a run. `error` explains every reason but "done"."""

    reason: EndReason
    turns: int
    text: str = ""  # the final answer
    error: str = ""
    error_kind: str = ""
    status: int | None = None
    stop_reason: str = ""
    usage: Usage = field(default_factory=Usage)  # of this run
    all_denied: bool = False  # every call of the last tool turn was denied with nobody to ask
    evidence: Evidence | None = None  # what was seen to happen, told by coder and not by the model
    handed_in: HandedIn | None = None  # where the answer had to have a form


AnyEvent: TypeAlias = (
    RunStarted
    | TurnStarted
    | StreamEvent
    | TextDelta
    | ThinkingDelta
    | MessageAdded
    | ToolStarted
    | ToolProgress
    | ToolFinished
    | PermissionAsked
    | PermissionAnswered
    | PermissionDenied
    | UsageReported
    | ModelRetrying
    | CompactionStarted
    | CompactionEnded
    | ContextEdited
    | StateChanged
    | Notice
    | CheckpointTaken
    | Committed
    | TaskEnded
    | AgentStarted
    | AgentProgressed
    | AgentEnded
    | StepChanged
    | HookStarted
    | HookEnded
    | TurnEnded
    | RunEnded
)
