"""What bounds the calls of an agent, and what it is told when one of its tools is down: hooks round those of the
person, and turn policies. Must not know how an agent is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.ports import After, Before, Hooks
from coder.agent.replies import reminder
from coder.app.subagents.relay import SUBMIT
from coder.core import prompts
from coder.core.edits import Trigger
from coder.core.messages import Text, ToolResult, ToolUse
from coder.core.requests import PermissionRequest, Reply
from coder.core.tools import ToolOutput

_SOON = 0.75
_SHOWN = 12
_REACH_OUT = ("WebFetch", "WebSearch")


class Bounds:
    """A `Hooks` and a `TurnPolicy`. `most` calls may be made, None: any number. `others` are the names of the tools it
    has; `ends` tells that its result is there, and that nothing is left to be done."""

    def __init__(
        self,
        inner: Hooks,
        most: int | None,
        others: Callable[[], tuple[str, ...]],
        ends: Callable[[], bool] = lambda: False,
    ) -> None:
        self._inner = inner
        self._most = most
        self._others = others
        self._ends = ends
        self._used = 0
        self._is_warned = False
        self._turns_over = 0
        self._last_errors: dict[str, str] = {}

    def before_turn(self, turn: int, history: History) -> Verdict:
        most = self._most
        if most is None:
            return None
        if self._used >= most:
            self._turns_over += 1
            if self._turns_over == 1:
                return Inject(reminder(prompts.load("reminders/agent_calls_used", most=str(most))))
            if self._turns_over > 2:
                return Stop("max_turns", f"It used all of its {most} tool calls and did not report.")
        elif self._used >= most * _SOON and not self._is_warned:
            self._is_warned = True
            used = prompts.load("reminders/agent_calls_soon", used=str(self._used), most=str(most))
            return Inject(reminder(used))
        return None

    async def before_call(self, call: ToolUse) -> Before:
        if call.name != SUBMIT:
            if self._most is not None and self._used >= self._most:
                return Before(verdict="deny", reason=f"all {self._most} tool calls of this agent are used")
            self._used += 1
        return await self._inner.before_call(call)

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        return await self._inner.before_asking(request)

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        after = await self._inner.after_call(call, output, seconds)
        if call.name == SUBMIT and not output.is_error and self._ends():
            return After(after.notes, after.stop or "handed in", after.content)
        if is_down := self._down(call.name, output):
            return After((*after.notes, is_down), after.stop, after.content)
        return after

    def _down(self, tool: str, output: ToolOutput) -> str:
        """What it is told when the same error of what is beyond its reach comes for the second time."""
        if not output.is_error:
            self._last_errors.pop(tool, None)
            return ""
        error = _words(output)
        is_ours = tool in _REACH_OUT or tool.startswith("mcp__") or f"{tool} failed inside coder" in error
        if not is_ours:
            return ""
        same, self._last_errors[tool] = self._last_errors.get(tool) == error, error
        if not same:
            return ""
        others = ", ".join([name for name in self._others() if name != tool][:_SHOWN])
        return prompts.load("reminders/tool_down", tool=tool, others=others or "no other tools")

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        return await self._inner.after_batch(calls, results)

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        return await self._inner.before_compacting(trigger, focus)

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        return await self._inner.after_compacting(trigger, summary)


class Turns:
    """Ends an agent that has had all its turns. A `TurnPolicy`."""

    def __init__(self, most: int) -> None:
        self._most = most

    def before_turn(self, turn: int, history: History) -> Verdict:
        return None if turn <= self._most else Stop("max_turns", f"It used all of its {self._most} turns.")


def _words(output: ToolOutput) -> str:
    if isinstance(output.content, str):
        return output.content
    return "\n".join(block.text for block in output.content if isinstance(block, Text))
