"""Small objects that may stop a run or put a message in before a turn. Each knows one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeAlias

from coder.agent.history import History
from coder.core.dataclass import dataclass
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
NO_STEPS = frozenset({"Think"})  # calls that try nothing: neither a step ahead nor one in a circle


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
        last = list(islice(_failures(history.messages), self._limit))
        if len(last) < self._limit or not last[0] or any(failure != last[0] for failure in last):
            return None
        return Stop("malformed", f"The model repeated a failing call {self._limit} times: {last[0][0][:200]}")


def _failures(messages: Sequence[Message]) -> Iterator[tuple[str, ...]]:
    """For each turn of this run that tried something, the last first: the errors when all its calls failed, else ()."""
    for index in range(len(messages) - 1, 0, -1):
        if messages[index].meta.kind == "prompt":
            return
        steps = {call.id for call in messages[index - 1].tool_uses if call.name not in NO_STEPS}
        results = [each for each in messages[index].content if isinstance(each, ToolResult)]
        results = [each for each in results if each.tool_use_id in steps]
        if results:
            failed = all(result.is_error for result in results)
            yield tuple(_text(result) for result in results) if failed else ()


def _text(result: ToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, Text))
