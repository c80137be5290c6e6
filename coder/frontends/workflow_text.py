"""`coder workflow run` as text: the result on stdout, the steps on stderr as they come. Must not know how it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TextIO

from coder.app.session import Session
from coder.core.events import AnyEvent, RunEnded, StepChanged
from coder.core.requests import Question, Reply, Request
from coder.frontends.plain import one_line
from coder.frontends.text import TextOut
from coder.frontends.workflow_asking import Answering

_LONGEST = 300
_MARKS = {"started": "▸", "done": "✓", "failed": "✗", "waiting": "?", "kept": "✓", "skipped": "-"}
_WORDS = {"kept": "kept from before", "skipped": "skipped"}


class WorkflowText(TextOut):
    """`person` answers the questions of steps, where somebody sits in front."""

    def __init__(
        self, stdout: TextIO, stderr: TextIO, *, verbose: bool = False, person: Answering | None = None
    ) -> None:
        super().__init__(stdout, stderr, verbose=verbose)
        self._person = person

    async def ask(self, request: Request) -> Reply:
        if self._person is not None and isinstance(request, Question):
            return await self._person.ask(request)
        return await super().ask(request)

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, StepChanged):
            self._say(step_line(event))
        else:
            super().emit(event)

    def finish(self, ended: RunEnded, session: Session) -> None:
        has_some = ended.reason in ("budget", "time_budget") and ended.text.strip()
        super().finish(replace(ended, reason="gate_unmet") if has_some else ended, session)


def step_line(event: StepChanged) -> str:
    """`▸ review (2 of 5)`, `✓ review, vote 2: pass`"""
    name = f"{event.step}, {event.item}" if event.item else event.step
    said = [_WORDS[event.state]] if event.state in _WORDS else []
    said += [event.text] if event.text and event.state != "started" and not event.is_told_next else []
    place = f" ({event.text})" if event.text and event.state == "started" else ""
    tail = f": {'; '.join(said)}" if said else ""
    return one_line(f"{_MARKS[event.state]} {name}{place}{tail}", _LONGEST)
