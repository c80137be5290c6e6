"""The front end that writes each message as it happens, as a program reads them. Must not know who reads."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

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
    ToolFinished,
    ToolStarted,
)
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message
from coder.frontends.commands import OWN
from coder.frontends.hook_words import failure
from coder.frontends.stream_json import convert
from coder.frontends.stream_json.lines import encode as encode
from coder.frontends.stream_json.out_result import JsonOut as JsonOut
from coder.frontends.stream_json.progress import Progress
from coder.frontends.stream_json.shows import Shows

if TYPE_CHECKING:
    from coder.frontends.stream_json import agents, limits, mirror, shells
else:  # few runs have any
    agents, limits, mirror, shells = (
        LazyModule(f"coder.frontends.stream_json.{name}") for name in ("agents", "limits", "mirror", "shells")
    )

State: TypeAlias = Literal["idle", "running", "requires_action"]
_PIECES = frozenset({TextDelta, ThinkingDelta})  # by far the most there are of any, and never told
_ALWAYS = frozenset({"SessionStart", "Setup"})
_NEVER_STARTED = frozenset({"Notification", "SessionEnd", "PreCompact", "PostCompact"})
_LEAVES_RUNNING = frozenset({"Bash"})


class StreamJsonOut(JsonOut):
    """`--output-format stream-json`: one JSON object a line, each written at once, the result last."""

    own_commands: Sequence[str] = OWN
    """The commands of coder's own that can be typed."""
    capabilities: Sequence[str] = ()

    def __init__(self, fd: int, shows: Shows | None = None) -> None:
        super().__init__(fd, shows)
        self._forwards = self._shows.forwards_agents
        self._asks_tool = self._shows.asks_tool
        self._agents: agents.AgentsOut | None = None
        self._limits: limits.Limits | None = None
        self._shells: shells.ShellsOut | None = None
        self._progress = Progress(self._write, self._shows.beat)
        self._state: State = "idle"

    def begin(self, session: Session) -> None:
        super().begin(session)
        self._write(self._init(session))
        self.state("running")
        for warning in session.warnings:
            self._write(convert.informational(self._session_id, "warning", warning))

    def _init(self, session: Session) -> Json:
        facts = replace(session.facts, mode=session.control.mode, model=session.control.model, tools=session.tools)
        return convert.init(
            facts,
            session.command_names,
            session.servers.rows,
            skipped=session.servers.skipped,
            own_commands=self.own_commands,
            capabilities=self.capabilities,
        )

    def state(self, now: State) -> None:
        """Tells what the session does now, where somebody wants to know and it is news."""
        if self._shows.states and now != self._state:
            self._write(convert.state_changed(self._session_id, now))
        self._state = now

    def mirrored(self, path: Path, entries: Sequence[Json]) -> None:
        """Lines were added to a transcript: given on, for whoever keeps a copy. May be called from any thread."""
        for frame in mirror.frames(path, entries):
            self._write(frame)

    def emit(self, event: AnyEvent) -> None:
        kind = type(event)
        if kind in _PIECES:
            return
        if isinstance(event, StreamEvent) and event.agent == "main":
            self._piece(event.raw)
            return
        super().emit(event)
        if event.agent != "main" or isinstance(event, AgentStarted | AgentProgressed | AgentEnded):
            self._of_agent(event)
            return
        match event:
            case MessageAdded():
                self._message(event.message)
            case ToolStarted(call=call):
                self._progress.started(self._session_id, call)
            case ToolFinished():
                self._finished(event)
            case ModelRetrying():
                self._retrying(event)
            case CompactionStarted() | CompactionEnded():
                self._compaction(event)
            case PermissionDenied(reasons=reasons) if not self._asks_tool and all(r.kind != "hook" for r in reasons):
                self._write(convert.permission_denied(self._session_id, event))
            case Notice():
                self._write(convert.informational(self._session_id, event.level, event.text))
            case CheckpointTaken() | Committed():
                self._write(convert.informational(self._session_id, "info", event.text))
            case TaskEnded():
                self._task_ended(event)
            case HookStarted() | HookEnded():
                self._hook(event)
            case StepChanged():
                self._write(convert.workflow_step(self._session_id, event))
            case _:
                pass

    def finish(self, ended: RunEnded, session: Session) -> None:
        self._settle()
        self._failed(ended)
        self._write(self._result_of(ended, session, session.spent))
        self.state("idle")
        self._outbox.deliver()

    def _settle(self) -> None:
        """The session has ended: so has all that was told to have begun."""
        self._progress.stop()
        self._write_all(self._agents.rest() if self._agents is not None else ())
        self._write_all(self._shells.rest(self._session_id) if self._shells is not None else ())

    def _failed(self, ended: RunEnded) -> None:
        if convert.is_of_api(ended):
            self._write(convert.failed_reply(self._session_id, ended))

    def _of_agent(self, event: AnyEvent) -> None:
        if isinstance(event, HookStarted | HookEnded) and self._shows.hook_events:
            self._hook(event)
            return
        if isinstance(event, PermissionDenied) and self._asks_tool:
            return
        if self._agents is None:
            self._agents = agents.AgentsOut(self._session_id, forwards=self._forwards, tasks=self._tasks)
        self._write_all(self._agents.shapes(event))

    def _retrying(self, event: ModelRetrying) -> None:
        if event.kind == "rate_limit":
            self._limits = self._limits or limits.Limits(time.time)
            if (shape := self._limits.retrying(self._session_id, event)) is not None:
                self._write(shape)
        self._write(convert.api_retry(self._session_id, event))

    def _compaction(self, event: CompactionStarted | CompactionEnded) -> None:
        if isinstance(event, CompactionStarted):
            self._write(convert.compacting(self._session_id, now=True))
            return
        self._write(convert.compacting(self._session_id, event))
        if event.after < event.before:
            self._write(convert.compact_boundary(self._session_id, event))

    def _finished(self, event: ToolFinished) -> None:
        self._progress.finished(event.call.id)
        if event.call.name not in _LEAVES_RUNNING or self._session is None:
            return
        tasks = self._session.tasks.all
        if not any(task.state == "running" for task in tasks):
            return
        self._shells = self._shells or shells.ShellsOut()
        begun = list(self._shells.begun(self._session_id, tasks, event.call.id))
        self._write_all(begun)
        if begun:
            self._write(self._live())

    def _task_ended(self, event: TaskEnded) -> None:
        self._shells = self._shells or shells.ShellsOut()
        self._write_all(self._shells.ended(self._session_id, event))
        self._write(self._live())

    def _live(self) -> Json:
        """All that runs in the background."""
        if self._agents is not None:
            return self._agents.live()
        return convert.system(self._session_id, "background_tasks_changed", tasks=self._tasks())

    def _tasks(self) -> list[Json]:
        if self._session is None:
            return []
        running = [task for task in self._session.tasks.all if task.state == "running"]
        return [shells.row(task) for task in running]

    def _hook(self, event: HookStarted | HookEnded) -> None:
        is_told = self._shows.hook_events or event.point in _ALWAYS
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
                if self._limits is not None and (shape := self._limits.replied(self._session_id)) is not None:
                    self._write(shape)
                model = "" if self._session is None else self._session.control.model
                self._write_all(convert.assistant(self._session_id, message, model=model))
            case "results" | "steer" | "reminder":
                self._write_all(convert.results(self._session_id, message))
            case _:
                pass

    def _write_all(self, shapes: Iterable[Json]) -> None:
        for shape in shapes:
            self._write(shape)
