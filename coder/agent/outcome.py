"""How a call ended, and the ends of those that did not run. Values; must not know how a call is run."""

from __future__ import annotations

from collections.abc import Sequence

from coder.agent.gate import Denied
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.events import EndReason
from coder.core.messages import Json, Text, ToolResult, ToolUse

INTERRUPTED = "Interrupted before it finished; what it had done until then was not undone."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. `is_denied`: it was not run because it may not; `denied_nobody`: there was nobody to ask.
    `stop`: why it ends the run, "" when it does not; `stop_reason` is what kind of end that is."""

    result: ToolResult
    data: Json | None = None
    denied_nobody: bool = False
    interrupt: bool = False
    stop: str = ""
    is_denied: bool = False
    stop_reason: EndReason = "hook_stopped"


def interrupted(call: ToolUse) -> Outcome:
    return Outcome(ToolResult(call.id, (Text(INTERRUPTED),), is_error=True))


def denied(call: ToolUse, verdict: Denied) -> Outcome:
    result = ToolResult(call.id, (Text(verdict.message),), is_error=True)
    reason: EndReason = "prompt_tool_missing"  # all that a gate ends a run for
    return Outcome(result, None, verdict.nobody, verdict.interrupt, verdict.stop, is_denied=True, stop_reason=reason)


def held_back(call: ToolUse) -> Outcome:
    return Outcome(ToolResult(call.id, (Text(prompts.load("reminders/held_back")),), is_error=True))


def failed(call: ToolUse, text: str) -> Outcome:
    return Outcome(ToolResult(call.id, (Text(f"<tool_use_error>{text}</tool_use_error>"),), is_error=True))


def all_denied(outcomes: Sequence[Outcome]) -> bool:
    """Whether every call of a turn was denied because there was nobody to ask."""
    return bool(outcomes) and all(outcome.denied_nobody for outcome in outcomes)
