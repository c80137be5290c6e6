"""What happens in a run, as labelled lines. Pure but for a clock; must not know a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

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
    PermissionAnswered,
    PermissionDenied,
    RunEnded,
    RunStarted,
    StateChanged,
    StepChanged,
    TaskEnded,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message, ToolResult, ToolUse
from coder.core.requests import Deny, PermissionRequest
from coder.core.visible import visible_line
from coder.frontends.amounts import spoken_duration, spoken_seconds
from coder.frontends.desk import Shown
from coder.frontends.hook_words import failure
from coder.frontends.modes import in_words
from coder.frontends.spoken.calls import Calls
from coder.frontends.spoken.paragraphs import Paragraphs

if TYPE_CHECKING:
    from coder.core.tools import Mode
    from coder.frontends.spoken import agents as spoken_agents
else:  # few runs have agents
    spoken_agents = LazyModule("coder.frontends.spoken.agents")

_Remark: TypeAlias = ModelRetrying | Notice | CheckpointTaken | Committed | StateChanged | TaskEnded
WAITING = "Waiting for the model"
FINISHING = "Finishing"
ASKING = "Waiting for you"


class Telling:
    """Told of the events of one session after another. `is_verbose`: thinking is read out too."""

    def __init__(
        self, cwd: Path, home: Path, is_verbose: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = Calls(cwd, home)
        self._is_verbose = is_verbose
        self._clock = clock
        self._answer, self._thought = _Part("coder"), _Part("thinking")
        self._thinks_since: float | None = None
        self._since = clock()
        self._asked: dict[str, ToolUse] = {}  # calls of the last reply that nothing was said of yet
        self._denied: dict[str, Deny] = {}
        self._agents: spoken_agents.AgentsTold | None = None
        self.is_running = False
        self.state = WAITING
        self.shown: tuple[Shown, ...] = ()
        self.todos: tuple[Json, ...] = ()
        self.calls = 0
        self.changed: set[str] = set()  # files, in this run

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._since

    @property
    def still(self) -> str:
        """`still working: Running npm test, 1m 30s`."""
        at_work = self._agents.at_work if self._agents is not None else ""
        return f"still working: {at_work or self.state}, {spoken_seconds(self.seconds)}"

    def lines(self, event: AnyEvent) -> list[str]:
        """What is to be said of it now."""
        if isinstance(event, AgentStarted | AgentEnded | AgentProgressed) or event.agent != "main":
            return list(self._of_agent(event))
        return list(self._lines(event))

    def rest(self) -> list[str]:
        """What was being said when the run ended."""
        return [*self._end_thinking(), *self._answer.end()]

    def _lines(self, event: AnyEvent) -> Iterator[str]:
        match event:
            case RunStarted():
                self._since, self.calls, self.changed, self.state = self._clock(), 0, set(), WAITING
                self.is_running = True
            case RunEnded():
                self.is_running = False
            case TurnStarted():
                self.state = WAITING
                self._answer.clear()
            case ThinkingDelta(text=text):
                yield from self._thinks(text)
            case TextDelta(text=text):
                yield from self._end_thinking()
                self.state = "Writing"
                yield from self._answer.feed(text)
            case MessageAdded(message=message):
                yield from self._added(message)
            case ToolStarted() | ToolFinished() | PermissionDenied():
                yield from self._call(event)
            case ModelRetrying() | Notice() | CheckpointTaken() | Committed() | StateChanged() | TaskEnded():
                yield from self._remark(event)
            case PermissionAnswered(request=PermissionRequest(call=call), reply=Deny() as reply):
                self._denied[call.id] = reply
            case CompactionStarted():
                self.state = "Compacting"
            case HookStarted() | HookEnded():
                yield from self._hook(event)
            case StepChanged():
                self._agents = self._agents or spoken_agents.AgentsTold()
                yield from self._agents.step(event)
            case CompactionEnded(trigger=trigger, before=before, after=after) if trigger != "manual" and after < before:
                yield f"note: the conversation was compacted: about {before:,} tokens are {after:,} now"
            case _:
                pass

    def _of_agent(self, event: AnyEvent) -> Iterator[str]:
        """When one begins and ends, what it was not allowed and what went wrong; what else it says is its own."""
        self._agents = self._agents or spoken_agents.AgentsTold()
        match event:
            case PermissionAnswered(request=PermissionRequest(call=call), reply=Deny() as reply):
                self._denied[call.id] = reply
            case PermissionDenied():
                yield self._calls.denied(event, self._denied.pop(event.call.id, None), self._agents.name(event))
            case ToolFinished():
                self.changed |= self._calls.changed(event)
            case AgentEnded(row=row):
                self._asked.pop(row.call, None)
                yield from self._agents.lines(event, is_running=self.is_running)
            case _:
                yield from self._agents.lines(event, is_running=self.is_running)

    def _hook(self, event: HookStarted | HookEnded) -> Iterator[str]:
        """A hook is heard of when it failed; while it runs, by what it says of itself."""
        if isinstance(event, HookStarted):
            self.state = visible_line(event.status) or f"Hook {visible_line(event.name)}"
        else:
            self.state = WAITING
            if text := failure(event):
                yield f"warning: {visible_line(text)}"

    def _thinks(self, text: str) -> Iterator[str]:
        if self._thinks_since is None:
            self._thinks_since = self._clock()
        self.state = "Thinking"
        if self._is_verbose():
            yield from self._thought.feed(text)

    def _end_thinking(self) -> Iterator[str]:
        if self._thinks_since is not None:
            yield from self._thought.end()
            yield f"thinking: for {spoken_duration(self._clock() - self._thinks_since)}"
            self._thinks_since = None

    def _added(self, message: Message) -> Iterator[str]:
        match message.meta.kind:
            case "reply":
                yield from self._end_thinking()
                yield from self._answer.settle(message.text)
                self._asked = {call.id: call for call in message.tool_uses}
                self.state = self.state if self._asked else FINISHING
            case "prompt" | "steer" if text := self._calls.attached(message):
                yield f"note: {text}"
            case "results":
                results = [block for block in message.content if isinstance(block, ToolResult)]
                for result in results:
                    if (call := self._asked.pop(result.tool_use_id, None)) is not None and result.is_error:
                        if call.name == "Think":
                            continue
                        yield self._calls.not_run(call, result)
            case _:
                pass

    def _call(self, event: ToolStarted | ToolFinished | PermissionDenied) -> Iterator[str]:
        self._asked.pop(event.call.id, None)
        match event:
            case ToolStarted(call=ToolUse(name="Think", input=given)):
                yield from self._thinks(str(given.get("thought", "")))
            case ToolFinished(call=ToolUse(name="Think")):
                yield from self._thought.end()
                self._thinks_since, self.state = None, WAITING
            case ToolStarted(call=call, summary=summary):
                self.state = self._calls.state(call, summary)
                yield from self._calls.started(call)
            case ToolFinished():
                self.state = WAITING
                self.calls += 1
                shown = Shown(len(self.shown) + 1, event)
                self.shown = (*self.shown, shown)
                if self._agents is not None and self._agents.tells_of(event.call):
                    return
                self.changed |= self._calls.changed(event)
                if event.call.name == "TodoWrite" and not event.result.is_error:
                    self.todos = tuple((event.data or {}).get("newTodos") or ())
                yield from self._calls.finished(shown)
            case PermissionDenied():
                yield self._calls.denied(event, self._denied.pop(event.call.id, None))

    def _remark(self, event: _Remark) -> Iterator[str]:
        match event:
            case ModelRetrying():
                yield from self._end_thinking()
                self._answer.clear()
                self.state = f"Trying again in {spoken_seconds(event.delay)}"
                of = f", try {event.attempt + 1} of {event.max_retries + 1}" if event.max_retries else ""
                yield f"warning: {_sentence(event.message)} {self.state}{of}."
            case Notice(level="info", text=text) | CheckpointTaken(text=text) | Committed(text=text):
                yield f"note: {visible_line(text)}"
            case Notice(level=level, text=text):
                yield f"{level}: {visible_line(text)}"
            case TaskEnded(id=number, command=command, code=code, seconds=seconds):
                how = f"exit {code}" if code else "done"
                label = "tool failed" if code else "tool"
                how += f" in {spoken_duration(seconds)}"
                yield f"{label}: task {number.lstrip('b')}, {visible_line(command)}, {how}"
            case StateChanged(mode=mode):
                words = in_words(cast("Mode", mode))
                yield f"note: mode: {words}"


class _Part:
    """A text that comes in pieces. Deltas may be missing: the whole text, once it is there, settles what was said."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._parts = Paragraphs()
        self._fed = ""

    def feed(self, text: str) -> list[str]:
        self._fed += text
        return self._labelled(self._parts.feed(text))

    def settle(self, text: str) -> list[str]:
        if text.startswith(self._fed):
            said = [*self.feed(text[len(self._fed) :]), *self.end()]
        else:
            self.clear()
            said = [*self.feed(text), *self.end()]
        return said

    def end(self) -> list[str]:
        found = self._labelled(self._parts.end())
        self.clear()
        return found

    def clear(self) -> None:
        self._parts, self._fed = Paragraphs(), ""

    def _labelled(self, found: list[list[str]]) -> list[str]:
        return [f"{'' if at else f'{self._label}: '}{line}" for lines in found for at, line in enumerate(lines)]


def _sentence(text: str) -> str:
    line = visible_line(text)
    return line if line.endswith((".", "!", "?")) else f"{line}."
