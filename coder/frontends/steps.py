"""Shows a run step by step as it happens: each call as a line with its outcome, edits as diffs, the answer as text.

For watching without taking part (`coder demo`). Must not know any other front end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text as Styled

from coder.core.events import (
    AgentEnded,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    HookEnded,
    MessageAdded,
    ModelRetrying,
    Notice,
    PermissionDenied,
    RunEnded,
    StepChanged,
    TaskEnded,
    ToolFinished,
)
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.requests import Deny, Reply, Request
from coder.frontends.hook_words import failure
from coder.frontends.plain import one_line, printable
from coder.frontends.render.seen import seen_rows
from coder.frontends.styled import plain

if TYPE_CHECKING:
    from coder.frontends import agent_words
else:  # few runs have agents
    agent_words = LazyModule("coder.frontends.agent_words")

_SHOWN_LINES = 12


class QuietConsole(Console):
    """Falls silent when its reader leaves: what is going on goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # The interpreter flushes standard output once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class StepsOut:
    """Paths below `folder` are shown from there. On a terminal lines wrap at words; in a pipe they are left whole."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._console = console
        self._below = f"{folder}/"
        self._agents: agent_words.Names | None = None

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, AgentStarted | AgentEnded) or event.agent != "main":
            self._of_agent(event)
            return
        match event:
            case MessageAdded(message=message) if message.meta.kind == "reply" and message.text.strip():
                self._line(printable(message.text).strip())
                self._line("")
            case ToolFinished():
                self._tool(event)
            case PermissionDenied():
                self._line(f"✗ not allowed: {one_line(event.summary)}: {one_line(event.message)}", "red")
            case ModelRetrying():
                self._line(f"! waiting for the model: {one_line(event.message)}, next in {event.delay:.0f}s", "yellow")
            case Notice(level="warning" | "error"):
                self._line(f"! {one_line(event.text)}", "yellow")
            case CheckpointTaken() | Committed():
                self._line(one_line(event.text), "dim")
            case HookEnded() if text := failure(event):
                self._line(f"! {one_line(text)}", "yellow")
            case StepChanged():
                self._line(agent_words.step(event), "red" if event.state == "failed" else "dim")
            case TaskEnded(state=state):
                mark = "✗ " if state == "failed" else "✓ "
                self._line(f"{mark}{event.id} ended, exit {event.code}: {one_line(event.command, 100)}", "dim")
            case RunEnded(evidence=evidence):
                for each in seen_rows(evidence):
                    self._line(plain(each), "yellow" if each[0].style == "warn" else "dim")
                self._line("") if evidence is not None else None
            case _:
                pass

    def _of_agent(self, event: AnyEvent) -> None:
        """When one begins and ends, and what it was not allowed; what else it does is its own."""
        self._agents = self._agents or agent_words.Names()
        name = self._agents.of(event)
        match event:
            case AgentStarted():
                self._line(agent_words.started(event), "dim")
            case AgentEnded(report=report):
                self._line(agent_words.ended(event), "red" if report.state == "failed" else "")
            case PermissionDenied():
                self._line(f"✗ not allowed: {name}: {one_line(event.summary)}: {one_line(event.message)}", "red")
            case Notice(level="warning" | "error", text=text):
                self._line(f"! {name}: {one_line(text)}", "yellow")
            case _:
                pass

    async def ask(self, request: Request) -> Reply:
        return Deny("nobody is there to ask", nobody=True)

    def _tool(self, event: ToolFinished) -> None:
        failed = event.result.is_error
        what = one_line(f"{event.call.name} {_subject(event.call.input)}".replace(self._below, ""), 100)
        line = Styled("✗ " if failed else "✓ ", style="red" if failed else "green")
        line.append(what)
        if event.summary:
            line.append(f" · {one_line(event.summary, 60)}", style="dim")
        line.append(f" · {event.seconds:.1f}s", style="dim")
        self._print(line)
        data = event.data or {}
        if hunks := data.get("structuredPatch"):
            self._diff(hunks)
        elif "stdout" in data:
            self._output(str(data["stdout"]))
        self._line("")

    def _diff(self, hunks: list[dict[str, Any]]) -> None:
        for hunk in hunks:
            old, new = int(hunk["oldStart"]), int(hunk["newStart"])
            for text in hunk["lines"]:
                mark = text[:1]
                number = old if mark == "-" else new
                style = {"-": "red", "+": "green"}.get(mark, "dim")
                self._line(f"  {number:>4} {mark} {printable(text[1:])}", style)
                old += mark != "+"
                new += mark != "-"

    def _output(self, text: str) -> None:
        lines = printable(text).replace(self._below, "").rstrip().split("\n")
        for line in lines[-_SHOWN_LINES:]:
            self._line(f"  {line}", "dim")
        if len(lines) > _SHOWN_LINES:
            self._line(f"  ({len(lines)} lines, the last {_SHOWN_LINES} shown)", "dim")

    def _line(self, text: str, style: str = "") -> None:
        self._print(Styled(text, style=style))

    def _print(self, text: Styled) -> None:
        self._console.print(text, soft_wrap=not self._console.is_terminal)


def _subject(raw: Json) -> str:
    """What a call is about: its path, command or pattern."""
    for key in ("command", "file_path", "notebook_path", "pattern", "task_id"):
        if isinstance(raw.get(key), str):
            return str(raw[key])
    return ""
