"""Notices a run that goes in circles: one call with one result, again and again. Only looks; of tools it
knows which change files, and which try nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b

from coder.agent.compaction import call_line
from coder.agent.history import History
from coder.agent.policies import NO_STEPS, Inject, Stop, Verdict
from coder.agent.records import CHANGES
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse, block_to_api
from coder.core.visible import visible_line

_NEWS = 3  # other calls with results not seen before: then the run is getting somewhere


@dataclass(slots=True)
class _Run:
    """How often in a row a call gave `result`; `turn` and `news` are as they were the last time."""

    result: bytes
    times: int
    turn: int
    news: int


class Repetition:
    """A `TurnPolicy`. Other calls may come in between. A call whose result changes is polling and starts anew, and so
    does one that is repeated after there was something new to see."""

    def __init__(self, notice_at: int = 3, stop_at: int = 5) -> None:
        self._notice_at = notice_at
        self._stop_at = stop_at
        self._last = ""
        self._news = 0
        self._calls: dict[bytes, _Run] = {}

    def before_turn(self, turn: int, history: History) -> Verdict:
        if turn == 1:
            self._calls.clear()
            self._news = 0
        worst = 0
        notice: Verdict = None
        for call, result in self._latest(history):
            times = self._count(call, result, turn)
            if times >= self._stop_at:
                text = (
                    f"The same call gave the same result {times} times: {visible_line(call_line(call))}. Say what to do"
                )
                return Stop("loop", f"{text} differently, or go on with -c.")
            if times == self._notice_at and times > worst:
                worst = times
                words = prompts.load("reminders/repeating", call=call_line(call), times=str(times))
                notice = Inject(Message("user", (Text(words),), Meta(kind="reminder")))
        return notice

    def _latest(self, history: History) -> Iterator[tuple[ToolUse, ToolResult]]:
        """The calls and results of the last turn, unless they were looked at before."""
        messages = history.messages
        for index in range(len(messages) - 1, 0, -1):
            if messages[index].meta.kind == "results":
                break
            if messages[index].role == "assistant":
                return
        else:
            return
        results = messages[index]
        if results.meta.uuid == self._last:
            return
        self._last = results.meta.uuid
        found = {block.tool_use_id: block for block in results.content if isinstance(block, ToolResult)}
        steps = (call for call in messages[index - 1].tool_uses if call.name not in NO_STEPS)
        yield from ((call, found[call.id]) for call in steps if call.id in found)

    def _count(self, call: ToolUse, result: ToolResult, turn: int) -> int:
        key = _digest([call.name, call.input])
        now = _digest([[block_to_api(block) for block in result.content], result.is_error])
        known = self._calls.get(key)
        if known is None or known.result != now:
            # A test that fails again after an edit is work, however equal its words.
            self._news += _NEWS if call.name in CHANGES and not result.is_error else 1
            self._calls[key] = _Run(now, 1, turn, self._news)
            return 1
        if known.turn == turn:
            return known.times  # side by side: not again, only at once
        known.times = known.times + 1 if self._news - known.news < _NEWS else 1
        known.turn, known.news = turn, self._news
        return known.times


def _digest(value: object) -> bytes:
    return blake2b(json.dumps(value, sort_keys=True, default=str).encode("utf-8", "replace"), digest_size=16).digest()
