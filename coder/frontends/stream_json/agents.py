"""Subagents on the wire: their messages below the call that asked them, and the life of each as tasks. Every one that
was told to have begun is told to have ended, whatever happens. Must not know how lines are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from coder.core.agents import AgentRow, AgentState
from coder.core.events import (
    AgentEnded,
    AgentProgressed,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    HookEnded,
    MessageAdded,
    Notice,
    PermissionDenied,
    ToolStarted,
)
from coder.core.messages import Json, Message
from coder.core.visible import visible_line
from coder.frontends.hook_words import failure
from coder.frontends.render.agents import outcome
from coder.frontends.stream_json import convert

_STATUSES = {"queued": "pending", "running": "running", "waiting": "running"}
_ENDS = {"completed": "completed", "failed": "failed", "stopped": "killed"}


class AgentsOut:
    """`forwards`: what they say and think is given on too, not only their calls. `tasks` are the commands that run in
    the background, as the list of all that do has them. `clock` gives the time of day."""

    def __init__(
        self,
        session_id: str,
        *,
        forwards: bool = False,
        tasks: Callable[[], list[Json]] = list,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session_id = session_id
        self._forwards = forwards
        self._tasks = tasks
        self._clock = clock
        self._begun: dict[str, AgentRow] = {}  # and not ended
        self._calls: dict[str, str] = {}  # the call that asked each, by its id
        self._last: dict[str, str] = {}  # the tool each used last
        self._states: dict[str, AgentState] = {}
        self._summaries: dict[str, str] = {}  # what a model said last that each is doing

    def shapes(self, event: AnyEvent) -> Iterator[Json]:
        match event:
            case AgentStarted():
                yield from self._started(event)
            case AgentProgressed(row=row, summary=summary):
                if summary:
                    self._summaries[row.id] = summary
                yield from self._progressed(row)
            case AgentEnded():
                yield from self._ended(event)
            case MessageAdded(message=message):
                yield from self._message(event.agent, message)
            case ToolStarted(call=call):
                self._last[event.agent] = call.name
            case PermissionDenied(reasons=reasons) if all(reason.kind != "hook" for reason in reasons):
                yield convert.permission_denied(self._session_id, event)
            case Notice(level="warning" | "error" as level, text=text):
                yield self._informational(event, level, text)
            case CheckpointTaken(text=text) | Committed(text=text):
                yield self._informational(event, "info", text)
            case HookEnded() if text := failure(event):
                yield self._informational(event, "warning", text)
            case _:
                pass

    def rest(self) -> Iterator[Json]:
        """The ends of those of which no end was heard."""
        for row in tuple(self._begun.values()):
            yield from self._over(row, "stopped", "stopped: the session ended", "")

    def _started(self, event: AgentStarted) -> Iterator[Json]:
        row = event.row
        if row.id in self._begun:
            return
        self._begun[row.id], self._calls[row.id], self._states[row.id] = row, row.call, row.state
        yield self._system(
            "task_started",
            row,
            description=_title(row),
            task_type="local_agent",
            subagent_type=row.kind,
            is_backgrounded=row.background,
            spawn_depth=event.depth,
            prompt=event.prompt,
        )
        if row.background:
            yield self.live()

    def _progressed(self, row: AgentRow) -> Iterator[Json]:
        if row.id not in self._begun:
            return
        before, self._begun[row.id], self._states[row.id] = self._states[row.id], row, row.state
        if _STATUSES.get(row.state) != _STATUSES.get(before) and row.state in _STATUSES:
            yield self._updated(row, {"status": _STATUSES[row.state]})
        last = self._last.get(row.id)
        yield self._system(
            "task_progress",
            row,
            description=_title(row),
            subagent_type=row.kind,
            usage=_usage(row),
            summary=self._summaries.get(row.id) or visible_line(row.doing),
            **({"last_tool_name": last} if last else {}),
        )

    def _ended(self, event: AgentEnded) -> Iterator[Json]:
        report = event.report
        if event.row.id not in self._begun:
            return
        words = {"failed": report.error or "it gave no reason", "stopped": "stopped"}
        summary = words.get(report.state) or outcome(report.text) or _title(event.row)
        file = str(report.artifact or event.row.transcript or "")
        yield from self._over(event.row, report.state, summary, file, report.error)

    def _over(self, row: AgentRow, state: str, summary: str, file: str, error: str = "") -> Iterator[Json]:
        self._begun.pop(row.id, None)
        self._summaries.pop(row.id, None)
        patch: Json = {"status": _ENDS[state], "end_time": round(self._clock() * 1000)}
        if error:
            patch["error"] = error
        yield self._updated(row, patch)
        yield self._system(
            "task_notification", row, status=state, output_file=file, summary=visible_line(summary), usage=_usage(row)
        )
        if row.background:
            yield self.live()

    def live(self) -> Json:
        """All that runs in the background."""
        agents = [
            {"task_id": each.id, "task_type": "local_agent", "description": _title(each)}
            for each in self._begun.values()
            if each.background
        ]
        return convert.system(self._session_id, "background_tasks_changed", tasks=[*self._tasks(), *agents])

    def _message(self, agent: str, message: Message) -> Iterator[Json]:
        # One that no call asked has its own id: without any it would be taken for the conversation itself.
        parent, calls_only = self._calls.get(agent) or agent, not self._forwards
        match message.meta.kind:
            case "reply":
                row = self._begun.get(agent)
                model = "" if row is None else row.model
                yield from convert.assistant(self._session_id, message, parent, calls_only=calls_only, model=model)
            case "results" | "steer" | "reminder":
                yield from convert.results(self._session_id, message, parent, calls_only=calls_only)
            case _:
                pass

    def _informational(self, event: AnyEvent, level: str, text: str) -> Json:
        row = self._begun.get(event.agent)
        name = f"{_title(row)}: " if row is not None else ""
        return convert.informational(self._session_id, level, f"{name}{text}", self._calls.get(event.agent, ""))

    def _updated(self, row: AgentRow, patch: Json) -> Json:
        return convert.system(self._session_id, "task_updated", task_id=row.id, patch=patch)

    def _system(self, subtype: str, row: AgentRow, **fields: object) -> Json:
        asked = {"tool_use_id": row.call} if row.call else {}
        return convert.system(self._session_id, subtype, task_id=row.id, **asked, **fields)


def _title(row: AgentRow) -> str:
    return visible_line(row.title or row.kind or row.id)


def _usage(row: AgentRow) -> Json:
    return {"total_tokens": row.tokens, "tool_uses": row.tool_uses, "duration_ms": round(row.seconds * 1000)}
