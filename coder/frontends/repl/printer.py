"""What a session announces, printed as it happens: the one front end's `emit`. Keeps the board; must not know keys.

What has been printed stays as it is. Read-only calls wait for their neighbours and are told of in one row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, assert_never

from coder.core.events import (
    AnyEvent,
    CheckpointTaken,
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
from coder.core.messages import Json, Message, ToolResult, ToolUse, Usage
from coder.core.requests import Allow, Deny, PermissionRequest
from coder.frontends.desk import Shown
from coder.frontends.hook_words import failure
from coder.frontends.render.blocks import Blocks
from coder.frontends.repl.board import Board, Call, Retry
from coder.frontends.repl.terminal import Terminal
from coder.frontends.repl.transcript import Transcript
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.frontends.render import calls, ending, markdown, subjects
    from coder.frontends.render.refusals import Facts
else:  # what is printed comes after the first paint
    calls = LazyModule("coder.frontends.render.calls")
    ending = LazyModule("coder.frontends.render.ending")
    markdown = LazyModule("coder.frontends.render.markdown")
    subjects = LazyModule("coder.frontends.render.subjects")

_THINK = "Think"
_SILENT = frozenset({"TodoWrite", "AskUserQuestion", "ExitPlanMode", "EnterPlanMode"})


class _Where(TypedDict):
    width: int
    folder: Path
    home: Path


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
        self.is_verbose = False
        self.facts: Callable[..., Facts] | None = None
        self.asked_about: tuple[Row, ...] = ()
        """What the question that waits would do, whole."""
        self._terminal = terminal
        self._place = place
        self._changed = changed
        self._blocks: Blocks | None = None
        self._wrote = False
        self._thought = ""
        self._merging: list[ToolFinished] = []
        self._uses: dict[str, ToolUse] = {}  # calls of the last reply of which nothing was heard yet
        self._refused: set[str] = set()  # calls the person said no to
        self._allowed_once: set[str] = set()  # calls
        self._rules: tuple[str, ...] = ()  # to be saved, if nothing is said against it
        self._is_told = False  # the question of the model that is being asked
        self._evidenced: set[str] = set()  # calls whose change was printed with the question

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self.transcript.calls

    def tail(self, most: int) -> list[Row]:
        """The unfinished end of what is being written."""
        if self._blocks is None or not self._blocks.tail.strip():
            return []
        rows: list[Row] = markdown.tail_rows(self._blocks.tail, self._terminal.width, most)
        return rows

    def again(self, text: str) -> None:
        """An answer that was given before."""
        self.transcript.answer(text)
        self._terminal.markdown(text)
        self._terminal.say([()])

    def say(self, *rows: Row) -> None:
        self._settle()
        self._terminal.say(rows)

    def evidence(self, call: ToolUse, rows: Sequence[Row]) -> None:
        """The change that is asked about: it is not printed once more when it was made."""
        if rows:
            self._evidenced.add(call.id)
            self.say((), *rows, ())

    def begins(self, messages: Sequence[Message]) -> None:
        """Another session, which goes on from these messages."""
        self.board.todos = _todos_of(messages)
        last = next((message for message in reversed(messages) if message.meta.kind == "reply"), None)
        self.context = held(last.meta.usage) if last is not None else 0

    def answered(self, echo: Row) -> None:
        """What became of the model's question: no other row tells of it."""
        self._is_told = True
        self.say(echo)

    def forget(self, call: ToolUse) -> None:
        """The call was changed since its evidence was printed."""
        self._evidenced.discard(call.id)

    def you(self, text: str) -> None:
        """What the person sent."""
        self._settle()
        lines = text.split("\n")
        rows = [row(("❯ ", "you"), (foreign(lines[0]), "you"))]
        rows += [row("  ", (foreign(line), "you")) for line in lines[1:]]
        self.transcript.prompt(text)
        self._terminal.say([(), *rows, ()])

    def emit(self, event: AnyEvent) -> None:
        rules, self._rules = self._rules, ()
        if rules and not isinstance(event, Notice):
            self.say(row(("✓ ", "ok"), f"From now on in this project: {', '.join(map(foreign, rules))}"))
        self._on(event)
        self._changed()

    def _on(self, event: AnyEvent) -> None:  # noqa: C901, PLR0912, PLR0915  # one row for each event, and nothing else
        board = self.board
        match event:
            case RunStarted():
                self._wrote = False
            case TurnStarted(turn=turn):
                board.turn = turn
                board.phase = "waiting"
                board.heard = board.clock()
            case StreamEvent():
                board.heard = board.clock()
            case TextDelta(text=text):
                self._text(text)
            case ThinkingDelta(text=text):
                self._thinking(text)
            case MessageAdded(message=message):
                self._message(message)
            case ToolStarted(call=call) if call.name == _THINK:
                self._end_text()
                board.hear("thinking")
            case ToolFinished(call=call) if call.name == _THINK:
                self._thought_down(event)
            case ToolStarted(call=call, summary=summary):
                self._end_text()
                board.calls[call.id] = Call(call.id, call.name, summary, board.clock())
                board.phase = "running"
                board.call_count += 1
            case ToolProgress(tool_use_id=id, text=text):
                if id in board.calls:
                    board.calls[id].last = text
            case ToolFinished():
                self._finished(event)
            case PermissionAsked():
                self._settle()
                board.phase = "asking"
            case PermissionAnswered():
                self._answered(event)
            case PermissionDenied():
                board.calls.pop(event.call.id, None)
                self._uses.pop(event.call.id, None)
                by_you = event.call.id in self._refused
                if not (by_you and event.call.name == "ExitPlanMode"):  # it has left its row
                    self.say(*calls.denied_rows(event, by_you=by_you, **self._where()))
            case UsageReported(usage=usage, purpose=purpose):
                if purpose != "title":  # nobody waits for that one
                    board.counted += usage.output_tokens
                if purpose == "main":
                    board.characters = 0
                    self.context, self.last_usage = held(usage), usage
            case ModelRetrying():
                self._retrying(event)
            case CompactionStarted():
                self._settle()
                board.phase = "compacting"
            case CompactionEnded(trigger=trigger):
                board.phase = "waiting" if board.is_running else "idle"
                self.context = event.after
                if trigger != "manual":  # of its own commands coder says what they did
                    self.say(ending.compacted_row(event))
            case ContextEdited(why=why):
                if why not in ("compaction", "compaction taken back", "rewind"):
                    self.say(row((f"  {foreign(why)}", "dim")))
            case StateChanged():
                pass
            case Notice(level=level, text=text):
                self.say(row(("! ", "warn") if level != "error" else ("✗ ", "bad"), foreign(text)))
            case CheckpointTaken(text=text):
                self.say(row((f"  {foreign(text)}", "dim")))
            case TaskEnded():
                number = event.id.lstrip("b")
                row_of = ending.task_row(int(number or 0), event.command, code=event.code, seconds=event.seconds)
                self.say(row_of)
            case HookStarted(id=id, status=status):
                board.hooks[id] = status
            case HookEnded(id=id):
                board.hooks.pop(id, None)
                if text := failure(event):
                    self.say(row(("! ", "warn"), foreign(text)))
            case TurnEnded():
                self._settle()
            case RunEnded():
                self._end_text()
                self._settle()
            case _:
                assert_never(event)

    def _text(self, text: str) -> None:
        self._end_thought()
        board = self.board
        board.hear("writing")
        board.characters += len(text)
        if self._blocks is None:
            self._settle()
            self._terminal.say([()])
            self._blocks = Blocks()
        self._print(self._blocks.feed(text))

    def _print(self, blocks: list[str]) -> None:
        for block in blocks:
            self._wrote = True
            self._terminal.block(block)

    def _end_text(self) -> None:
        self._end_thought()
        if self._blocks is not None:
            blocks, self._blocks = self._blocks, None
            self._print(blocks.end())
            self._terminal.say([()])

    def _thinking(self, text: str) -> None:
        self._end_text() if self._blocks is not None else None
        self.board.hear("thinking")
        self.board.characters += len(text)
        self._thought += text

    def _end_thought(self) -> None:
        if self._thought:
            thought, self._thought = self._thought, ""
            seconds = self.board.clock() - self.board.thinking_since
            self._thought_shown(thought, seconds)

    def _thought_down(self, event: ToolFinished) -> None:
        """A thought that the model wrote down with the tool for it, for want of thinking by itself."""
        self._settle()
        self._uses.pop(event.call.id, None)
        self.board.phase = "running" if self.board.calls else "waiting"
        self._thought_shown(str(event.call.input.get("thought", "")), None)

    def _thought_shown(self, thought: str, seconds: float | None) -> None:
        self.transcript.thought(thought, seconds or 0.0)
        self.say(ending.thought_row(seconds))
        if self.is_verbose:
            self.say(*(row((f"  {foreign(line)}", "dim")) for line in thought.strip().split("\n")))

    def _message(self, message: Message) -> None:
        match message.meta.kind:
            case "reply":
                self._end_text()
                self.transcript.answer(message.text)
                self._uses = {call.id: call for call in message.tool_uses}
            case "results":
                self._not_run(message)
            case "steer":
                text = message.text
                if text in self.board.queued:
                    self.board.queued.remove(text)
                self.transcript.prompt(text)
                self.say((), ending.receipt_row(text, self.board.turn + 1), ())
            case _:
                pass

    def _finished(self, event: ToolFinished) -> None:
        board = self.board
        board.calls.pop(event.call.id, None)
        self._uses.pop(event.call.id, None)
        if not board.calls:
            board.phase = "waiting"
            board.heard = board.clock()
        self._note(event)
        is_told, self._is_told = self._is_told and event.call.name == "AskUserQuestion", False
        if is_told or (event.call.name in _SILENT and not event.result.is_error):
            return
        shown = self.transcript.call(event)
        if calls.can_merge(event):
            self._merging.append(event)
            return
        self._settle()
        note = "allowed once" if event.call.id in self._allowed_once and not event.result.is_error else ""
        rows = calls.call_rows(event, number=shown.number, note=note, **self._where())
        self._terminal.say(rows[:1] if event.call.id in self._evidenced and not event.result.is_error else rows)

    def _answered(self, event: PermissionAnswered) -> None:
        request, reply = event.request, event.reply
        self.board.phase = "running" if self.board.calls else "waiting"
        if not isinstance(request, PermissionRequest):
            return
        if isinstance(reply, Deny) and not reply.nobody:
            self._refused.add(request.call.id)
        elif isinstance(reply, Allow):
            self._rules = reply.remember
            if not reply.remember and reply.mode is None:
                self._allowed_once.add(request.call.id)

    def _not_run(self, message: Message) -> None:
        """Calls that were answered without having been run, or were cut off: they leave a row with the reason."""
        for block in message.content:
            if isinstance(block, ToolResult) and (call := self._uses.pop(block.tool_use_id, None)) is not None:
                self.board.calls.pop(call.id, None)
                if block.is_error and call.name != _THINK:
                    self.say(*calls.not_run_rows(call, block, **self._where()))

    def short(self, path: str) -> str:
        """A path as people write it."""
        return str(subjects.Place(self._place.folder, self._place.home).short(path))

    def _where(self) -> _Where:
        return {"width": self._terminal.width, "folder": self._place.folder, "home": self._place.home}

    def _note(self, event: ToolFinished) -> None:
        """What a call changed of the board."""
        data: Json = event.data or {}
        if event.call.name == "TodoWrite" and not event.result.is_error:
            self._todos(tuple(data.get("newTodos") or event.call.input.get("todos") or ()))
        if event.call.name in ("Edit", "Write", "NotebookEdit") and not event.result.is_error:
            path = event.call.input.get("file_path") or event.call.input.get("notebook_path")
            self.board.change(self._near(Path(str(path))))

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

    def _settle(self) -> None:
        """Prints the calls that waited for their neighbours."""
        if self._merging:
            merging, self._merging = self._merging, []
            self._terminal.say(calls.merged_rows(merging, **self._where()))

    def _retrying(self, event: ModelRetrying) -> None:
        board = self.board
        if self._blocks is not None:
            self._end_text()
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
