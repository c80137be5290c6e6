"""What an agent announces, told to the session under its name, and what people see of it drawn from that. Must not know
front ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from coder.app.subagents.record import Record
from coder.core.events import (
    AgentProgressed,
    AnyEvent,
    PermissionAnswered,
    PermissionAsked,
    StreamEvent,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from coder.core.requests import Question, Request, ServerQuestion

_DOING = {
    "Read": "reading", "Edit": "changing", "Write": "writing", "NotebookEdit": "changing", "Glob": "looking for",
    "Grep": "searching for", "Bash": "running", "WebFetch": "fetching", "WebSearch": "searching the web for",
    "Agent": "asking", "Skill": "loading", "Git": "asking git for", "ToolSearch": "looking for tools to",
}  # fmt: skip
_LONGEST = 200
SUBMIT = "Submit"


class Relay:
    """`primed` is called once, with the first byte of the first reply or at the end."""

    def __init__(self, record: Record, emit: Callable[[AnyEvent], None], primed: Callable[[], None]) -> None:
        self._record = record
        self._emit = emit
        self._primed: Callable[[], None] | None = primed
        self._running: dict[str, str] = {}  # what its calls do that have not ended

    def emit(self, event: AnyEvent) -> None:
        record = self._record
        record.lives()
        self._emit(replace(event, agent=record.id))
        match event:
            case StreamEvent():
                self.begun()
            case TurnStarted():
                record.step += 1
                record.doing = "thinking"
                self.progress()
            case ToolStarted(call=call):
                record.tool_uses += call.name != SUBMIT
                self._running[call.id] = record.doing = doing(call.name, event.summary)
                self.progress()
            case ToolFinished(call=call):
                self._running.pop(call.id, None)
                record.doing = next(reversed(self._running.values()), "thinking")
            case PermissionAsked(request=request):
                record.asks.append(question(request))
                self.progress()
            case PermissionAnswered(request=request):
                with suppress(ValueError):
                    record.asks.remove(question(request))
                self.progress()
            case _:
                pass

    def waits(self, holder: str | None) -> None:
        """It waits for this agent, which is changing files; None: no longer."""
        self._record.waits_for = holder or ""
        self.progress()

    def progress(self) -> None:
        self._record.lives()
        self._emit(AgentProgressed(agent=self._record.id, row=self._record.row()))

    def begun(self) -> None:
        primed, self._primed = self._primed, None
        if primed is not None:
            primed()


def question(request: Request) -> str:
    """What a person is asked, as a row has room for it: "allow curl docs.example.com?"."""
    if isinstance(request, Question):
        asked = request.questions[0].get("question") if request.questions else None
        return " ".join(asked.split())[:_LONGEST] if isinstance(asked, str) else "a question"
    if isinstance(request, ServerQuestion):
        return f"what the server {request.server} asks"
    tool, summary = request.call.name, " ".join(request.summary.split())
    if tool == "ExitPlanMode":
        return "approve its plan?"
    return f"allow {summary.removeprefix(tool).strip()[:_LONGEST] if tool == 'Bash' else doing(tool, summary)}?"


def doing(tool: str, summary: str) -> str:
    """A call as something that goes on: "reading src/cart.py"."""
    if tool == SUBMIT:
        return "handing in its result"
    subject = summary.removeprefix(tool).strip()[:_LONGEST]
    return f"{_DOING[tool]} {subject}".strip() if tool in _DOING else f"{tool} {subject}".strip()
