"""What a session announces, printed as it happens: the one front end's `emit`. Keeps the board; must not know keys.

What has been printed stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, assert_never

from coder.core.dataclass import dataclass
from coder.core.events import (
    AgentEnded,
    AgentProgressed,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    CompactionEnded,
    CompactionStarted,
    ContextEdited,
    HookEnded,
    HookStarted,
    MessageAdded,
    ModelRetrying,
    Notice,
    PermissionAnswered,
    PermissionAsked,
    PermissionDenied,
    RunEnded,
    RunStarted,
    StateChanged,
    StepChanged,
    StreamEvent,
    TaskEnded,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
)
from coder.core.lazy import LazyModule
from coder.core.messages import ATTACHED, Json, Message, Text, ToolUse, Usage, said
from coder.frontends.desk import Shown
from coder.frontends.folding import fold_row
from coder.frontends.hook_words import failure
from coder.frontends.repl.agents_seen import AgentsSeen
from coder.frontends.repl.board import Board, Call, Retry
from coder.frontends.repl.called import THINK, Called
from coder.frontends.repl.terminal import Terminal
from coder.frontends.repl.transcript import Transcript
from coder.frontends.repl.writing import Writing
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.core.agents import AgentRow
    from coder.frontends.render import agents, ending, subjects
    from coder.frontends.render import attached as attaching
    from coder.frontends.render.refusals import Facts
else:  # what is printed comes after the first paint
    agents = LazyModule("coder.frontends.render.agents")
    attaching = LazyModule("coder.frontends.render.attached")
    ending = LazyModule("coder.frontends.render.ending")
    subjects = LazyModule("coder.frontends.render.subjects")

_OfCalls: TypeAlias = (
    ToolStarted | ToolProgress | ToolFinished | PermissionAsked | PermissionAnswered | PermissionDenied
)
_OfContext: TypeAlias = UsageReported | CompactionStarted | CompactionEnded | ContextEdited


@dataclass(frozen=True, slots=True)
class Place:
    """Where the session works: paths are shown from there."""

    folder: Path
    home: Path


class Printer:
    """`changed` is called after each event: something on the live rows may be different."""

    def __init__(self, terminal: Terminal, place: Place, changed: Callable[[], None]) -> None:
        self.board = Board(time.monotonic)
        self.transcript = Transcript()
        self.last_usage: Usage | None = None
        self.context = 0
        """Tokens that the last request of the conversation held."""
        self.facts: Callable[..., Facts] | None = None
        self.asked_about: tuple[Row, ...] = ()
        """What the question that waits would do, whole."""
        self._terminal = terminal
        self._place = place
        self._changed = changed
        self._called = Called(terminal, self.transcript, place.folder, place.home)
        self.writing = Writing(terminal, self.board, self.transcript, self._called.settle)
        self._agents = AgentsSeen(terminal, self.transcript, self._called, self.board, self._changed_file, self.short)
        self.agents: Callable[[], tuple[AgentRow, ...]] = lambda: ()
        """The subagents of the session that is open."""
        self._called.is_of_agent = lambda call: any(each.call == call for each in self.agents())

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self.transcript.calls

    def again(self, text: str) -> None:
        """An answer that was given before."""
        self.transcript.answer(text)
        self._terminal.markdown(text)
        self._terminal.say([()])

    def say(self, *rows: Row) -> None:
        self._called.say(*rows)

    def evidence(self, call: ToolUse, rows: Sequence[Row]) -> None:
        """The change that is asked about: it is not printed once more when it was made."""
        if rows:
            self._called.evidenced(call)
            self.say((), *rows, ())

    def forget(self, call: ToolUse) -> None:
        """The call was changed since its evidence was printed."""
        self._called.forget(call)

    def begins(self, messages: Sequence[Message]) -> None:
        """Another session, which goes on from these messages."""
        self.board.todos = _todos_of(messages)
        last = next((message for message in reversed(messages) if message.meta.kind == "reply"), None)
        self.last_usage = last.meta.usage if last is not None else None
        self.context = held(last.meta.usage) if last is not None else 0

    def answered(self, echo: Row) -> None:
        """What became of the model's question: no other row tells of it."""
        self._called.told()
        self.say(echo)

    def you(self, text: str) -> None:
        """What the person sent."""
        lines = text.split("\n")
        rows = [row(("❯ ", "you"), (foreign(lines[0]), "you"))]
        rows += [row("  ", (foreign(line), "you")) for line in lines[1:]]
        self.transcript.prompt(text)
        self.say((), *rows, ())

    def emit(self, event: AnyEvent) -> None:
        rules = self._called.saved_rules()
        if rules and not isinstance(event, Notice):
            self.say(row(("✓ ", "ok"), f"From now on in this project: {', '.join(map(foreign, rules))}"))
        if event.agent == "main":
            self._on(event)
        else:
            self._agents.emit(event)
        self._changed()

    def _on(self, event: AnyEvent) -> None:  # noqa: C901, PLR0912  # one case for each event, and nothing else
        board = self.board
        match event:
            case RunStarted() | StateChanged():
                pass
            case TurnStarted(turn=turn):
                board.turn = turn
                board.phase = "waiting"
                board.heard = board.clock()
            case StreamEvent():
                board.heard = board.clock()
            case TextDelta(text=text):
                self.writing.text(text)
            case ThinkingDelta(text=text):
                self.writing.thinking(text)
            case MessageAdded(message=message):
                self._message(message)
            case ToolStarted() | ToolProgress() | ToolFinished():
                self._on_call(event)
            case PermissionAsked() | PermissionAnswered() | PermissionDenied():
                self._on_call(event)
            case UsageReported() | CompactionStarted() | CompactionEnded() | ContextEdited():
                self._on_context(event)
            case ModelRetrying():
                self._retrying(event)
            case Notice(level=level, text=text):
                self.say(row(("! ", "warn") if level != "error" else ("✗ ", "bad"), foreign(text)))
            case CheckpointTaken(text=text) | Committed(text=text):
                self.say(row((f"  {foreign(text)}", "dim")))
            case TaskEnded():
                number = int(event.id.lstrip("b") or 0)
                self.say(ending.task_row(number, event.command, code=event.code, seconds=event.seconds))
            case HookStarted(id=id, status=status):
                board.hooks[id] = status
            case HookEnded(id=id):
                board.hooks.pop(id, None)
                if text := failure(event):
                    self.say(row(("! ", "warn"), foreign(text)))
            case AgentStarted() | AgentProgressed() | AgentEnded():
                self._agents.emit(event)
            case StepChanged():
                self._stepped(event)
            case TurnEnded():
                self._called.settle()
            case RunEnded():
                self.writing.end()
                self._called.settle()
            case _:
                assert_never(event)

    def _on_call(self, event: _OfCalls) -> None:
        board = self.board
        match event:
            case ToolStarted(call=call) if call.name == THINK:
                self.writing.end()
                board.hear("thinking")
            case ToolFinished(call=call) if call.name == THINK:
                self._thought_down(event)
            case ToolStarted(call=call, summary=summary):
                self.writing.end()
                board.calls[call.id] = Call(call.id, call.name, summary, board.clock())
                board.phase = "running"
                board.call_count += 1
            case ToolProgress(tool_use_id=id, text=text):
                if id in board.calls:
                    board.calls[id].last = text
            case ToolFinished():
                self._finished(event)
            case PermissionAsked():
                self._called.settle()
                board.phase = "asking"
            case PermissionAnswered():
                board.phase = "running" if board.calls else "waiting"
                self._called.answered(event)
            case PermissionDenied():
                board.calls.pop(event.call.id, None)
                self._called.denied(event)
            case _:
                assert_never(event)

    def _on_context(self, event: _OfContext) -> None:
        board = self.board
        match event:
            case UsageReported(usage=usage, purpose=purpose):
                if purpose != "title":  # nobody waits for that one
                    board.counted += usage.output_tokens
                if purpose == "main":
                    board.characters = 0
                    self.context, self.last_usage = held(usage), usage
            case CompactionStarted():
                self._called.settle()
                board.phase = "compacting"
            case CompactionEnded(trigger=trigger):
                board.phase = "waiting" if board.is_running else "idle"
                self.context = event.after
                if trigger != "manual":  # of its own commands coder says what they did
                    self.say(ending.compacted_row(event))
            case ContextEdited(why=why):
                if why not in ("compaction", "compaction taken back", "rewind"):
                    self.say(row((f"  {foreign(why)}", "dim")))
            case _:
                assert_never(event)

    def _thought_down(self, event: ToolFinished) -> None:
        """A thought that the model wrote down with the tool for it, for want of thinking by itself."""
        self._called.heard(event.call)
        self.board.phase = "running" if self.board.calls else "waiting"
        self.writing.thought(str(event.call.input.get("thought", "")), None)

    def _message(self, message: Message) -> None:
        match message.meta.kind:
            case "reply":
                self.writing.end()
                self.transcript.answer(message.text)
                self._called.begin(message.tool_uses)
                if self.board.is_running and not message.tool_uses:
                    self.board.phase = "ending"  # a check or a hook may take its time
            case "results":
                for call in self._called.not_run(message):
                    self.board.calls.pop(call.id, None)
            case "prompt":
                self._attached(message)
            case "steer":
                text = said(message)
                if text in self.board.queued:
                    self.board.queued.remove(text)
                self.transcript.prompt(text)
                self.say((), ending.receipt_row(text, self.board.turn + 1), ())
                self._attached(message)
            case _:
                pass

    def _attached(self, message: Message) -> None:
        """The files that went with what the person said: they cost, and may not be those that were meant."""
        if any(isinstance(block, Text) and block.text.startswith(ATTACHED) for block in message.content):
            text = attaching.attached(message, self._place.folder, self._place.home)
            self.say(*fold_row(row((f"  {text}", "dim")), self._terminal.width), ())

    def _finished(self, event: ToolFinished) -> None:
        board = self.board
        board.calls.pop(event.call.id, None)
        if not board.calls:
            board.phase = "waiting"
            board.heard = board.clock()
        self._note(event)
        self._called.finished(event)

    def short(self, path: str) -> str:
        """A path as people write it."""
        return str(subjects.Place(self._place.folder, self._place.home).short(path))

    def _note(self, event: ToolFinished) -> None:
        """What a call changed of the board."""
        data: Json = event.data or {}
        if event.call.name == "TodoWrite" and not event.result.is_error:
            self._todos(tuple(data.get("newTodos") or event.call.input.get("todos") or ()))
        self._changed_file(event)

    def _changed_file(self, event: ToolFinished) -> None:
        if event.call.name in ("Edit", "Write", "NotebookEdit") and not event.result.is_error:
            path = event.call.input.get("file_path") or event.call.input.get("notebook_path")
            self.board.change(self._near(Path(str(path))))

    def _stepped(self, event: StepChanged) -> None:
        """A step of a workflow: a live row while it runs, a row when it has ended. Of one of many that does well its
        agent tells."""
        steps, key = self.board.steps, (event.workflow, event.step)
        if not event.item and event.state in ("started", "waiting"):
            steps[key] = event
        elif not event.item:
            steps.pop(key, None)
            self._agents.step_ended()
        if event.state not in ("started", "waiting") and (not event.item or event.state == "failed"):
            self.say(*agents.step_row(event, self._terminal.width))

    def _near(self, path: Path) -> Path:
        """The path as it is shown."""
        inside = path.is_relative_to(self._place.folder)
        return path.relative_to(self._place.folder) if inside else path

    def _todos(self, todos: tuple[Json, ...]) -> None:
        board = self.board
        was_open = board.open_todos
        board.todos = todos
        if todos and was_open and not board.open_todos:
            self.say(ending.todo_done_row(len(todos)))

    def _retrying(self, event: ModelRetrying) -> None:
        board = self.board
        if self.writing.is_open:
            self.writing.end()
            self.say(row(("! ", "warn"), "The connection broke. The answer begins again."))
        board.phase = "retrying"
        board.retry = Retry(event, board.clock() + event.delay)


def held(usage: Usage) -> int:
    """How many tokens a request held, with its answer."""
    cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    return usage.input_tokens + cached + usage.output_tokens


def _todos_of(messages: Sequence[Message]) -> tuple[Json, ...]:
    """The list that the model kept last."""
    uses = (use for message in reversed(messages) for use in reversed(message.tool_uses) if use.name == "TodoWrite")
    last = next(uses, None)
    listed = last.input.get("todos") if last is not None else None
    return tuple(each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
