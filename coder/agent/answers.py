"""The results message of one reply while it comes about: each outcome is told as soon as it is known. Must not know
how calls are run, or where outcomes are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Protocol

from coder.agent.outcome import Outcome, interrupted
from coder.core.messages import Json, Message, Meta, ToolResult, ToolUse


class ResultLog(Protocol):
    """Where outcomes go before their message is committed, so that a crash loses none that was known."""

    def finished(self, message_uuid: str, index: int, count: int, result: ToolResult, data: Json | None) -> None:
        """Result `index` of the `count` that the message of that uuid will have, exactly as it will be committed.
        Synchronous; never raises."""
        ...


class Unlogged:
    def finished(self, message_uuid: str, index: int, count: int, result: ToolResult, data: Json | None) -> None:
        pass


class Answers:
    """The outcomes of `calls`, interrupted until they are known. `clean` gives a message as the history stores it."""

    def __init__(self, calls: Sequence[ToolUse], clean: Callable[[Message], Message], log: ResultLog) -> None:
        self._calls = tuple(calls)
        self._clean = clean
        self._log = log
        self._uuid = str(uuid.uuid4())
        self._outcomes = {call.id: interrupted(call) for call in calls}
        self._places = {call.id: place for place, call in reversed(tuple(enumerate(calls)))}

    def __setitem__(self, tool_use_id: str, outcome: Outcome) -> None:
        cleaned = self._clean(Message("user", (outcome.result,))).content[0]
        assert isinstance(cleaned, ToolResult)
        self._outcomes[tool_use_id] = outcome
        self._log.finished(self._uuid, self._places[tool_use_id], len(self._calls), cleaned, outcome.data)

    @property
    def outcomes(self) -> list[Outcome]:
        """In the order of the calls."""
        return [self._outcomes[call.id] for call in self._calls]

    def message(self) -> Message:
        outcomes = self.outcomes
        data = tuple(outcome.data for outcome in outcomes)
        return Message(
            "user",
            tuple(outcome.result for outcome in outcomes),
            Meta(uuid=self._uuid, kind="results", tool_data=data),
        )
