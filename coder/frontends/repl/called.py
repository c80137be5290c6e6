"""What became of the model's calls, printed: read-only ones wait for their neighbours and are told of in one row.

A call leaves one row, however it ended: run, refused, never run. Must not know the model's text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from coder.core.events import PermissionAnswered, PermissionDenied, ToolFinished
from coder.core.lazy import LazyModule
from coder.core.messages import INLINE, Message, ToolResult, ToolUse
from coder.core.requests import Allow, Deny, PermissionRequest
from coder.frontends.desk import Shown
from coder.frontends.repl.terminal import Terminal
from coder.frontends.repl.transcript import Transcript
from coder.frontends.styled import Row, Span, cut

if TYPE_CHECKING:
    from coder.frontends import dialog_making
    from coder.frontends.render import calls
else:  # what is printed comes after the first paint
    dialog_making = LazyModule("coder.frontends.dialog_making")
    calls = LazyModule("coder.frontends.render.calls")

THINK = "Think"
_SILENT = frozenset({"TodoWrite", "AskUserQuestion", "ExitPlanMode", "EnterPlanMode"})


class _Where(TypedDict):
    width: int
    folder: Path
    home: Path


class Called:
    """Paths are shown as people write them in `folder`."""

    def __init__(self, terminal: Terminal, transcript: Transcript, folder: Path, home: Path) -> None:
        self._terminal = terminal
        self._transcript = transcript
        self._folder = folder
        self._home = home
        self._merging: list[ToolFinished] = []
        self._gathering: list[Shown] = []  # what a text of a command had run, and what nobody was asked about
        self._uses: dict[str, ToolUse] = {}  # calls of the last reply of which nothing was heard yet
        self._refused: set[str] = set()  # calls the person said no to
        self._allowed_once: set[str] = set()  # calls
        self._rules: tuple[str, ...] = ()  # to be saved, if nothing is said against it
        self._is_told = False  # the question of the model that is being asked
        self._evidenced: set[str] = set()  # calls whose change was printed with the question
        self._by_agents: set[str] = set()  # calls whose row is that of the agent they asked
        self.is_of_agent: Callable[[str], bool] = lambda call_id: False
        """Whether an agent that waits for its place tells of the call that asked it."""

    def say(self, *rows: Row) -> None:
        self.settle()
        self._terminal.say(rows)

    def settle(self) -> None:
        """Prints the calls that waited for their neighbours."""
        if self._gathering:
            gathering, self._gathering = self._gathering, []
            self._terminal.say(calls.gathered_rows(gathering, **self._where()))
        if self._merging:
            merging, self._merging = self._merging, []
            self._terminal.say(calls.merged_rows(merging, **self._where()))

    def begin(self, uses: tuple[ToolUse, ...]) -> None:
        """A reply with these calls."""
        self._uses = {call.id: call for call in uses}

    def heard(self, call: ToolUse) -> None:
        """Something was told of it: it is not one that was never run."""
        self._uses.pop(call.id, None)

    def evidenced(self, call: ToolUse) -> None:
        """The change that is asked about was printed: it is not printed once more when it was made."""
        self._evidenced.add(call.id)

    def forget(self, call: ToolUse) -> None:
        """The call was changed since its evidence was printed."""
        self._evidenced.discard(call.id)

    def told(self) -> None:
        """What became of the model's question is on the screen: no other row tells of it."""
        self._is_told = True

    def asked_agent(self, call_id: str) -> None:
        """The agent that this call asked has a row of its own: no other tells of it."""
        self._by_agents.add(call_id)

    def of_agent(self, event: ToolFinished, name: str) -> None:
        """A call of an agent is told of only where the person was asked about it."""
        if event.call.id in self._allowed_once | self._evidenced and not event.result.is_error:
            first, *_ = calls.call_rows(event, brief=True, note="allowed once", **self._where())
            mark, *rest = first
            self.say(cut((mark, Span(f"{name}: "), *rest), self._terminal.width))

    def answered(self, event: PermissionAnswered) -> None:
        request, reply = event.request, event.reply
        if not isinstance(request, PermissionRequest):
            return
        if isinstance(reply, Deny) and not reply.nobody:
            self._refused.add(request.call.id)
        elif isinstance(reply, Allow):
            self._rules = () if dialog_making.asks_model(request) else reply.remember
            if not reply.remember and reply.mode is None:
                self._allowed_once.add(request.call.id)

    def saved_rules(self) -> tuple[str, ...]:
        """Those of the last answer, once."""
        rules, self._rules = self._rules, ()
        return rules

    def denied(self, event: PermissionDenied, who: str = "") -> None:
        """`who` wanted it, "" for the session itself."""
        self.heard(event.call)
        by_you = event.call.id in self._refused
        if not (by_you and event.call.name == "ExitPlanMode"):  # it has left its row
            self.say(*calls.denied_rows(event, by_you=by_you, who=who, **self._where()))

    def finished(self, event: ToolFinished) -> None:
        self.heard(event.call)
        is_told, self._is_told = self._is_told and event.call.name == "AskUserQuestion", False
        if is_told or (event.call.name in _SILENT and not event.result.is_error) or self._has_agent(event.call):
            return
        shown = self._transcript.call(event)
        if calls.can_merge(event):
            self._merging.append(event)
            return
        is_ours = event.call.id.startswith(INLINE)
        if is_ours and not event.result.is_error and event.call.id not in self._allowed_once:
            self._gathering.append(shown)
            return
        note = "allowed once" if event.call.id in self._allowed_once and not event.result.is_error else ""
        rows = calls.call_rows(event, number=shown.number, note=note, **self._where())
        self.say(*(rows[:1] if event.call.id in self._evidenced and not event.result.is_error else rows))

    def not_run(self, message: Message) -> list[ToolUse]:
        """Calls that were answered without having been run, or were cut off: they leave a row with the reason."""
        found: list[ToolUse] = []
        for block in message.content:
            if isinstance(block, ToolResult) and (call := self._uses.pop(block.tool_use_id, None)) is not None:
                found.append(call)
                if block.is_error and call.name != THINK and not self._has_agent(call):
                    self.say(*calls.not_run_rows(call, block, **self._where()))
        return found

    def _has_agent(self, call: ToolUse) -> bool:
        return call.id in self._by_agents or self.is_of_agent(call.id)

    def _where(self) -> _Where:
        return {"width": self._terminal.width, "folder": self._folder, "home": self._home}
