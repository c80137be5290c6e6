"""What agents in the background reported and the conversation does not know yet: a `TurnPolicy` and an `EndPolicy` of
the session. Must not know how agents are run.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from time import monotonic

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.app.subagents.record import Record
from coder.core import prompts
from coder.core.messages import Message, Meta, Text
from coder.core.visible import visible_line
from coder.tools import agent_report

_CUT = "It was cut off with the session. SendMessage to {id} goes on from there."
_MARK = re.compile(r"<(?=[\s/]*(?:task-notification|task-id|status|summary|result)\b)", re.IGNORECASE)
_WAYS = {"completed": "has reported", "failed": "failed", "stopped": "was stopped"}


class Notices:
    """`records` are all agents of the session. With `patience`, in seconds, a run does not end before those in the
    background have, for so long at most; `stop` ends those that have not by then."""

    def __init__(self, records: Callable[[], Sequence[Record]], stop: Callable[[Record], None]) -> None:
        self._records = records
        self._stop = stop
        self.patience: float | None = None
        self.heard: Callable[[], None] = _unheard  # called when one has ended
        self._changed = asyncio.Event()
        self._until: float | None = None

    def ended(self) -> None:
        self._changed.set()
        self.heard()

    def run_begins(self) -> None:
        self._until = None

    @property
    def are_due(self) -> bool:
        return any(not (each.told or each.is_quiet) for each in self._records())

    def take(self) -> Message | None:
        """All that is to be told, which counts as told then."""
        due = [each for each in self._records() if not each.told]
        for each in due:
            each.told = True
        texts = tuple(Text(_notice(each)) for each in due)
        return Message("user", texts, Meta(kind="reminder")) if texts else None

    def before_turn(self, turn: int, history: History) -> Verdict:
        message = self.take()
        return Inject(message) if message is not None else None

    async def before_end(self, text: str, history: History) -> Verdict:
        if self.patience is not None and not self.are_due:
            await self._wait(self.patience)
        message = self.take()
        return Inject(message) if message is not None else None

    async def _wait(self, patience: float) -> None:
        """Until the next one of those in the background has ended."""
        self._until = self._until or monotonic() + patience
        while not self.are_due and (running := [r for r in self._records() if r.background and not r.has_ended]):
            self._changed.clear()
            left = self._until - monotonic()
            if left <= 0:
                for each in running:
                    self._stop(each)
                await self._changed.wait()
                continue
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                pass


def _unheard() -> None:
    pass


def _notice(record: Record) -> str:
    report = record.report
    state = report.state if report is not None else "stopped"
    return prompts.load(
        "reminders/agent_ended",
        id=record.id,
        state=state,
        title=_inside(visible_line(record.title)),
        ended=_WAYS[state],
        result=_inside(agent_report.text_of(report)) if report is not None else _CUT.format(id=record.id),
    )


def _inside(text: str) -> str:
    """The text as it may stand between our marks: it can neither end them nor pose as those of another agent."""
    return _MARK.sub(r"<\\", text)


def told_in(messages: Sequence[Message], id: str) -> bool:
    """Whether the conversation was told of the end of this agent."""
    mark = f"<task-id>{id}</task-id>"
    return any(mark in message.text for message in messages if message.meta.kind == "reminder")
