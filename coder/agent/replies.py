"""What a reply's stop reason means for the run: end, go on, or tell the model something first. Only counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.events import EndReason
from coder.core.messages import Message, Meta, Text, ToolUse
from coder.core.model import Completed

MAX_CONTINUATIONS = 3


@dataclass(frozen=True, slots=True)
class End:
    reason: EndReason
    error: str = ""


@dataclass(frozen=True, slots=True)
class GoOn:
    pass


@dataclass(frozen=True, slots=True)
class Nudge:
    """Commit this message, then ask again."""

    message: Message


def runnable(completed: Completed) -> Message:
    """The reply without the calls of a refused turn: those are never run."""
    message = completed.message
    if completed.stop_reason != "refusal":
        return message
    return replace(message, content=tuple(block for block in message.content if not isinstance(block, ToolUse)))


Next: TypeAlias = End | GoOn | Nudge


class Replies:
    """Counts, within one run, how often in a row a reply had to be continued."""

    def __init__(self) -> None:
        self._continued = 0

    def judge(self, completed: Completed, *, waiting: bool) -> Next:
        """`waiting`: a message of the person was just committed, so the run goes on whatever the reply says."""
        calls = completed.message.tool_uses
        match completed.stop_reason:
            case "refusal":
                return End("refusal", "The model refused to go on with this request.")
            case "model_context_window_exceeded":
                return End("context_full", "The conversation no longer fits the model's context window.")
            case "pause_turn":
                return self._continue(GoOn(), End("model_error", "The model paused its turn again and again."))
            case "max_tokens" if not calls and not waiting:
                message = "The model's reply reached the output limit and was cut."
                return self._continue(_reminder("reminders/cut_at_limit"), End("max_tokens", message))
        if calls or waiting:
            self._continued = 0
            return GoOn()
        if not completed.message.content:
            return self._continue(
                _reminder("reminders/empty_reply"),
                End(
                    "model_error",
                    "The model returned an empty reply, twice. Say it in other words, or try another model.",
                ),
                most=1,
            )
        return End("done")

    def _continue(self, step: Next, otherwise: End, most: int = MAX_CONTINUATIONS) -> Next:
        self._continued += 1
        return step if self._continued <= most else otherwise


def reminder(text: str) -> Message:
    """A message of coder itself, behind all that was said."""
    return Message("user", (Text(text),), Meta(kind="reminder"))


def _reminder(name: str) -> Nudge:
    return Nudge(reminder(prompts.load(name)))
