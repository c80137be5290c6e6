"""Tool calls as lines: what was begun, what came of it, what was not run. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.events import PermissionDenied, ToolFinished
from coder.core.lazy import LazyModule
from coder.core.messages import ATTACHED, INLINE, Message, Text, ToolResult, ToolUse
from coder.core.requests import Deny
from coder.core.visible import visible, visible_line
from coder.frontends import git_calls
from coder.frontends.amounts import counted, spoken_duration
from coder.frontends.desk import Shown

if TYPE_CHECKING:
    from coder.frontends.render import attached as attaching
else:  # where files go with a prompt
    attaching = LazyModule("coder.frontends.render.attached")

_COMMANDS = ("Bash", "Monitor", "PowerShell")
_EDITS = ("Edit", "Write", "NotebookEdit")
_QUIET = ("TodoWrite", "AskUserQuestion", "ExitPlanMode", "EnterPlanMode")
_FEW = 3  # lines of output that are read at once
_TAIL = 2  # of those of a command that failed
_BRIEF = 160
_INDENT = 400


class Calls:
    """Paths are told from `cwd`, or from home."""

    def __init__(self, cwd: Path, home: Path) -> None:
        self._cwd, self._home = f"{cwd}/", f"{home}/"

    def state(self, call: ToolUse, summary: str) -> str:
        if call.name in _COMMANDS:
            return f"Running {self._short(_subject(call))}"
        return f"Running {self._short(summary) or visible_line(call.name)}"

    def started(self, call: ToolUse) -> Iterator[str]:
        """Only of what may take its time."""
        if call.id.startswith(INLINE):
            return  # the text of a command has many
        if call.name in _COMMANDS or call.name.startswith("mcp__"):
            yield f"tool: {self._what(call)}, started"

    def finished(self, shown: Shown) -> Iterator[str]:
        event = shown.finished
        call, data = event.call, event.data or {}
        what = self._what(call)
        if call.name in _QUIET and not event.result.is_error:
            yield from self._quietly(event)
            return
        output = str(data.get("stdout") or "").strip("\n") if call.name in _COMMANDS else ""
        lines = visible(output, blanks=_INDENT).split("\n") if output else []
        summary = counted(len(lines), "line") if lines else visible_line(event.summary)
        more = f" Type /show {shown.number} to read {'it' if len(lines) == 1 else 'them'}." if len(lines) > _FEW else ""
        if event.result.is_error:
            yield from self._failed(event, what, lines, more)
        elif call.id.startswith(INLINE):
            yield f"tool: {what}, done{_comma(summary)}. Type /show {shown.number} to read what it printed."
        elif call.name in _COMMANDS:
            end = ":" if lines and not more else "."
            yield f"tool: {what}, done in {spoken_duration(event.seconds)}{_comma(summary)}{end}{more}"
            yield from () if more else lines
        else:
            see = f" Type /show {shown.number} to read the change." if call.name in _EDITS else ""
            yield f"tool: {what}, done{_comma(summary)}.{see}"

    def denied(self, event: PermissionDenied, answer: Deny | None, who: str = "") -> str:
        """`answer` is the person's, when they were asked; `who` wanted it, "" for the session itself."""
        said = visible_line(event.message)
        if answer is not None and not answer.nobody:
            said = f"you said no: {visible_line(answer.message)}" if answer.message else "you said no"
        by = f"{who}: " if who else ""
        return f"tool failed: {by}{self._what(event.call)}, not run: {said}"

    def attached(self, message: Message) -> str:
        """The files that went with what the person said."""
        if not any(isinstance(block, Text) and block.text.startswith(ATTACHED) for block in message.content):
            return ""
        return attaching.attached(message, Path(self._cwd), Path(self._home))

    def not_run(self, call: ToolUse, result: ToolResult) -> str:
        return f"tool failed: {self._what(call)}, not run: {_first_line(result)}"

    def changed(self, event: ToolFinished) -> set[str]:
        """The file that the call changed."""
        if event.result.is_error or event.call.name not in _EDITS:
            return set()
        return {_subject(event.call)}

    def _failed(self, event: ToolFinished, what: str, lines: list[str], more: str) -> Iterator[str]:
        summary = visible_line(event.summary)
        if not lines:
            said = summary if summary and summary != "failed" else ""
            yield f"tool failed: {what}{_comma(said)}: {_first_line(event.result)}"
            return
        took = spoken_duration(event.seconds)
        end = f", {counted(len(lines), 'line')}.{more}" if more else ":"
        yield f"tool failed: {what}{_comma(summary)}, {took}{end}"
        yield from lines[-_TAIL:] if more else lines

    def _quietly(self, event: ToolFinished) -> Iterator[str]:
        data = event.data or {}
        if event.call.name == "TodoWrite":
            todos = [each for each in data.get("newTodos") or () if isinstance(each, dict)]
            done = sum(each.get("status") == "completed" for each in todos)
            now = next((str(each.get("content", "")) for each in todos if each.get("status") == "in_progress"), "")
            yield f"tool: todo list, {done} of {len(todos)} done{_comma(f'now: {visible_line(now)}' if now else '')}"
        elif event.call.name == "AskUserQuestion":
            yield f"tool: you chose: {visible_line(event.summary)}"

    def _what(self, call: ToolUse) -> str:
        return f"{visible_line(call.name)} {self._short(_subject(call))}".rstrip()

    def _short(self, text: str) -> str:
        line = visible_line(text)
        line = line.replace(self._cwd, "") if len(self._cwd) > 2 else line
        line = line.replace(self._home, "~/") if len(self._home) > 2 else line
        return line if len(line) <= _BRIEF else f"{line[: _BRIEF // 2]} … {line[-_BRIEF // 2 :]}"


def _subject(call: ToolUse) -> str:
    """What a call is about: its path, command or pattern."""
    if call.name == git_calls.TOOL:
        return git_calls.about(call.input)
    if call.name == "Skill":
        return " ".join(part for key in ("skill", "args") if isinstance(part := call.input.get(key), str)).rstrip()
    for key in ("command", "file_path", "notebook_path", "pattern", "url", "query", "task_id", "path"):
        if isinstance(found := call.input.get(key), str):
            return found
    return ""


def _first_line(result: ToolResult) -> str:
    text = "".join(block.text for block in result.content if isinstance(block, Text))
    text = text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>")  # it is for the model
    return visible_line(next((line for line in text.splitlines() if line.strip()), "it gave no reason"))[:300]


def _comma(text: str) -> str:
    return f", {text}" if text else ""
