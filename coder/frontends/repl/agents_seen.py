"""What subagents announce, printed: a row when one has ended, and what the person has to know of it meanwhile.

What each says and calls is not the conversation's: it is in its own transcript. Must not know keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.events import (
    AgentEnded,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    HookEnded,
    Notice,
    PermissionAnswered,
    PermissionDenied,
    ToolFinished,
)
from coder.core.lazy import LazyModule
from coder.frontends.hook_words import failure
from coder.frontends.repl.board import Board
from coder.frontends.repl.called import Called
from coder.frontends.repl.terminal import Terminal
from coder.frontends.repl.transcript import Transcript
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.core.agents import AgentRow
    from coder.frontends.render import agents
else:  # few runs have any
    agents = LazyModule("coder.frontends.render.agents")


class AgentsSeen:
    """`changed_file` is told of a call of an agent that may have changed one; `short` writes a path as people do."""

    def __init__(
        self,
        terminal: Terminal,
        transcript: Transcript,
        called: Called,
        board: Board,
        changed_file: Callable[[ToolFinished], None],
        short: Callable[[str], str],
    ) -> None:
        self._terminal = terminal
        self._transcript = transcript
        self._called = called
        self._board = board
        self._changed_file = changed_file
        self._short = short
        self._begun: dict[str, AgentStarted] = {}
        self._why: list[Row] = []  # the one agent of a step failed: its step tells, unless it is tried again

    def emit(self, event: AnyEvent) -> None:
        match event:
            case AgentStarted():
                self._started(event)
            case AgentEnded():
                self._ended(event)
            case ToolFinished():
                self._changed_file(event)
                self._called.of_agent(event, self._name(event))
            case PermissionAnswered():
                self._called.answered(event)
            case PermissionDenied():
                self._called.denied(event, self._name(event))
            case Notice(level="warning" | "error", text=text):
                self._say(row(("! ", "warn"), f"{self._name(event)}: {foreign(text)}"))
            case CheckpointTaken(text=text) | Committed(text=text):
                self._say(row((f"  {self._name(event)}: {foreign(text)}", "dim")))
            case HookEnded() if text := failure(event):
                self._say(row(("! ", "warn"), f"{self._name(event)}: {foreign(text)}"))
            case _:
                pass

    def _started(self, event: AgentStarted) -> None:
        agent = event.row
        self._called.asked_agent(agent.call)
        is_new = event.agent not in self._begun
        self._begun[event.agent] = event
        self._say(*self._why)
        self._why.clear()
        if not is_new:
            return
        about = " · ".join(foreign(each) for each in (agent.kind, agent.model) if each)
        name = agents.named(agent.title, agent.kind)
        self._transcript.agent(row(("▸ ", "bold"), f"{name} was told", (f" · {about}", "dim")), event.prompt)
        if agent.background:
            self._say(agents.background_row(agent, self._terminal.width))

    def _ended(self, event: AgentEnded) -> None:
        begun = self._begun.pop(event.agent, None)
        self._called.asked_agent(event.row.call)
        depth = begun.depth - 1 if begun is not None else 0
        width, is_told_next = self._terminal.width, self._is_all_of_a_step(event.row)
        rows = agents.ended_rows(event.row, event.report, width, depth, short=self._short, is_told_next=is_told_next)
        if is_told_next and event.report.state == "failed":
            self._why += agents.why_rows(event.report, width, depth)
        self._transcript.agent(rows[0], event.report.text or event.report.error)
        self._say(*rows)
        if event.row.background and event.report.state != "stopped":
            when = "before its next step" if self._board.is_running else "with your next message"
            self._say(row((f"  The model hears of it {when}.", "dim")))

    def step_ended(self) -> None:
        self._why.clear()

    def _is_all_of_a_step(self, agent: AgentRow) -> bool:
        """One of several is called by its item, too."""
        steps = (step.rpartition("/")[2] for _, step in self._board.steps)
        return not agent.call and agent.parent == "main" and agent.title in steps

    def _name(self, event: AnyEvent) -> str:
        begun = self._begun.get(event.agent)
        return agents.named(begun.row.title, begun.row.kind) if begun is not None else agents.named("", event.agent)

    def _say(self, *rows: Row) -> None:
        self._called.say(*rows)
