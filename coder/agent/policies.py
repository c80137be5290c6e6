"""Small objects that may stop a run or put a message in before a turn. Each knows one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from coder.agent.history import History
from coder.core.events import EndReason
from coder.core.messages import Message, Text, ToolResult


@dataclass(frozen=True, slots=True)
class Stop:
    reason: EndReason
    error: str


@dataclass(frozen=True, slots=True)
class Inject:
    message: Message


Verdict: TypeAlias = Stop | Inject | None


class TurnPolicy(Protocol):
    def before_turn(self, turn: int, history: History) -> Verdict:
        """Called before each request of a run, `turn` counting from 1. Never raises."""
        ...


class EndPolicy(Protocol):
    async def before_end(self, text: str, history: History) -> Verdict:
        """Called when the model has said its last word, `text`: the run ends, unless this puts a message in. Whoever
        does so bounds it. May take long; may be cancelled; never raises otherwise."""
        ...


class TurnLimit:
    def __init__(self, limit: int) -> None:
        self._limit = limit

    def before_turn(self, turn: int, history: History) -> Verdict:
        if turn <= self._limit:
            return None
        return Stop("max_turns", f'Reached maximum number of turns ({self._limit}). Go on with: coder -p -c "go on"')


class Later:
    """A policy that is made after the first turn: a run of one reply does without."""

    def __init__(self, make: Callable[[], TurnPolicy]) -> None:
        self._make = make
        self._policy: TurnPolicy | None = None

    def before_turn(self, turn: int, history: History) -> Verdict:
        if self._policy is None and turn > 1:
            self._policy = self._make()
        return self._policy.before_turn(turn, history) if self._policy is not None else None


class RepeatedFailure:
    """Stops a model that repeats one failing call: the same calls with the same errors, `limit` turns in a row."""

    def __init__(self, limit: int = 3) -> None:
        self._limit = limit

    def before_turn(self, turn: int, history: History) -> Verdict:
        if turn <= self._limit:
            return None
        last = [
            failure for message in history.messages[-2 * self._limit :] if (failure := _failure(message)) is not None
        ]
        if len(last) < self._limit or not last[-1] or any(failure != last[-1] for failure in last[-self._limit :]):
            return None
        return Stop("malformed", f"The model repeated a failing call {self._limit} times: {last[-1][0][:200]}")


def _failure(message: Message) -> tuple[str, ...] | None:
    """The error texts of a message of results when all of them failed; () when one did not; None for other messages."""
    results = [block for block in message.content if isinstance(block, ToolResult)]
    if not results:
        return None
    if not all(result.is_error for result in results):
        return ()
    return tuple("".join(b.text for b in result.content if isinstance(b, Text)) for result in results)
