"""The two JSON front ends: `stream-json` writes each message as it happens, `json` the result alone."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from coder.app.session import Session
from coder.core.events import (
    AgentEnded,
    AgentProgressed,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    CompactionEnded,
    CompactionStarted,
    HookEnded,
    HookStarted,
    MessageAdded,
    ModelRetrying,
    Notice,
    PermissionDenied,
    RunEnded,
    StepChanged,
    StreamEvent,
    TaskEnded,
    TextDelta,
    ThinkingDelta,
)
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message
from coder.core.requests import Reply, Request
from coder.core.visible import visible_line
from coder.frontends.hook_words import failure
from coder.frontends.outbox import Outbox
from coder.frontends.stream_json import convert
from coder.frontends.workflow_json import with_workflow

if TYPE_CHECKING:
    from coder.frontends import unattended
    from coder.frontends.stream_json import agents
else:  # few runs have any
    unattended = LazyModule("coder.frontends.unattended")
    agents = LazyModule("coder.frontends.stream_json.agents")

_PIECES = frozenset({StreamEvent, TextDelta, ThinkingDelta})  # by far the most there are of any
_ALWAYS = frozenset({"SessionStart", "Setup"})
_NEVER_STARTED = frozenset({"Notification", "SessionEnd", "PreCompact", "PostCompact"})


class JsonOut:
    """`--output-format json`: exactly the result object, as one document."""

    def __init__(self, fd: int) -> None:
        self._outbox = Outbox(fd)
        self._denials: list[PermissionDenied] = []
        self._started = time.monotonic()
        self._session_id = ""
        self._session: Session | None = None

    def begin(self, session: Session) -> None:
        self._session = session
        self._session_id = session.facts.session_id

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, PermissionDenied):
            self._denials.append(event)

    async def ask(self, request: Request) -> Reply:
        return unattended.reply(request, self._session)

    def finish(self, ended: RunEnded, session: Session) -> None:
        seconds = time.monotonic() - self._started
        result = convert.result(session.facts, ended, session.spent, self._denials, seconds)
        self._write(with_workflow(result, session))
        self._outbox.deliver()

    def _write(self, message: Json) -> None:
        line = encode(message)
        if len(line) > convert.LINE_LIMIT and message.get("type") != "result":
            line = encode(convert.without_data(message))
        self._outbox.put(line)


class StreamJsonOut(JsonOut):
    """`--output-format stream-json`: one JSON object a line, each written at once, the result last. `hook_events`: each
    hook is told of, not only those of the start. `forwards_agents`: what subagents say and think is given on too."""

    def __init__(self, fd: int, *, hook_events: bool = False, forwards_agents: bool = False) -> None:
        super().__init__(fd)
        self._tells_hooks = hook_events
        self._forwards = forwards_agents
        self._agents: agents.AgentsOut | None = None

    def begin(self, session: Session) -> None:
        super().begin(session)
        self._write(convert.init(session.facts, session.commands, session.servers))
        for warning in session.warnings:
            self._write(convert.informational(self._session_id, "warning", warning))

    def emit(self, event: AnyEvent) -> None:
        if type(event) in _PIECES:
            return
        super().emit(event)
        if event.agent != "main" or isinstance(event, AgentStarted | AgentProgressed | AgentEnded):
            self._of_agent(event)
            return
        match event:
            case MessageAdded():
                self._message(event.message)
            case ModelRetrying():
                self._write(convert.api_retry(self._session_id, event))
            case CompactionStarted():
                self._write(convert.compacting(self._session_id, now=True))
            case CompactionEnded():
                self._write(convert.compacting(self._session_id, now=False))
                if event.after < event.before:
                    self._write(convert.compact_boundary(self._session_id, event))
            case PermissionDenied(reasons=reasons) if all(reason.kind != "hook" for reason in reasons):
                self._write(convert.permission_denied(self._session_id, event))
            case Notice():
                self._write(convert.informational(self._session_id, event.level, event.text))
            case CheckpointTaken() | Committed():
                self._write(convert.informational(self._session_id, "info", event.text))
            case TaskEnded():
                self._write(convert.task_ended(self._session_id, event))
            case HookStarted() | HookEnded():
                self._hook(event)
            case StepChanged():
                self._write(convert.workflow_step(self._session_id, event))
            case _:
                pass

    def finish(self, ended: RunEnded, session: Session) -> None:
        for shape in self._agents.rest() if self._agents is not None else ():
            self._write(shape)
        super().finish(ended, session)

    def _of_agent(self, event: AnyEvent) -> None:
        if isinstance(event, HookStarted | HookEnded) and self._tells_hooks:
            self._hook(event)
            return
        if self._agents is None:
            self._agents = agents.AgentsOut(self._session_id, forwards=self._forwards, tasks=self._tasks)
        for shape in self._agents.shapes(event):
            self._write(shape)

    def _tasks(self) -> list[Json]:
        running = [each for each in self._session.tasks() if each.state == "running"] if self._session else []
        return [
            {"task_id": each.id, "task_type": "local_bash", "description": visible_line(each.command)}
            for each in running
        ]

    def _hook(self, event: HookStarted | HookEnded) -> None:
        is_told = self._tells_hooks or event.point in _ALWAYS
        if isinstance(event, HookStarted):
            if is_told and event.point not in _NEVER_STARTED:
                self._write(convert.hook_started(self._session_id, event))
            return
        if is_told:
            self._write(convert.hook_response(self._session_id, event))
        if text := failure(event):
            self._write(convert.informational(self._session_id, "warning", text))

    def _message(self, message: Message) -> None:
        match message.meta.kind:
            case "reply":
                shapes = convert.assistant(self._session_id, message)
            case "results" | "steer" | "reminder":
                shapes = convert.results(self._session_id, message)
            case _:
                return
        for shape in shapes:
            self._write(shape)


def encode(message: Json) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str)
    # Some readers end a line at these two; JSON lets us write them escaped.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "replace") + b"\n"
