"""Which old tool results are cleared: many at once and seldom, since each clearing costs the cached prefix behind it.
Pure; must not know which tools there are, only whether a call would give its output again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from coder.agent.compaction import call_line
from coder.agent.weight import block_tokens, text_tokens
from coder.core import prompts
from coder.core.edits import Clearing, Replacement
from coder.core.messages import Message, Text, ToolResult, ToolUse

WHY = "clear tool results"
_SMALL = 200  # tokens; what a placeholder would hardly shorten
Reproducible: TypeAlias = Callable[[ToolUse], bool]
"""Whether the same call would give the output again, and change nothing by it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Nothing is cleared in a context of up to `above` tokens, nor when less than `at_least` would be freed. The last
    `keep` results stay."""

    above: int = 60_000
    at_least: int = 20_000
    keep: int = 6


def batch(
    messages: Sequence[Message], context: int, is_reproducible: Reproducible, spill_dir: Path, rules: Batch = Batch()
) -> Clearing | None:
    """The results to clear now in a context of so many tokens; None when it is not worth it."""
    if context <= rules.above:
        return None
    found = [
        (call, result, again)
        for call, result in _old(messages, rules.keep)
        if (again := _again(call, result, is_reproducible, spill_dir))
    ]
    return _clearing(found, rules.at_least)


def everything(messages: Sequence[Message], keep: int, archive: Path | None) -> Clearing | None:
    """All results but the last `keep`, whether they can be had again or not: for a context that is too long to send."""
    again = f"It is in {archive}." if archive else "Run the call again if you need it."
    return _clearing([(call, result, again) for call, result in _old(messages, keep)], 1)


def _old(messages: Sequence[Message], keep: int) -> list[tuple[ToolUse, ToolResult]]:
    calls = {call.id: call for message in messages for call in message.tool_uses}
    results = [block for message in messages for block in message.content if isinstance(block, ToolResult)]
    old = results[: max(0, len(results) - keep)]
    return [(calls[r.tool_use_id], r) for r in old if r.tool_use_id in calls and block_tokens(r) > _SMALL]


def _again(call: ToolUse, result: ToolResult, is_reproducible: Reproducible, spill_dir: Path) -> str:
    """How to get the output again; "" when it cannot be had."""
    for block in result.content:
        if isinstance(block, Text) and (found := re.search(re.escape(f"{spill_dir}/") + r"[\w.-]*\w", block.text)):
            return f"The whole of it is in {found[0]}."
    if not is_reproducible(call):
        return ""
    return "Read the file again if you need it." if call.name == "Read" else "Run the call again if you need it."


def _clearing(found: Sequence[tuple[ToolUse, ToolResult, str]], at_least: int) -> Clearing | None:
    replacements = []
    freed = 0
    for call, result, again in found:
        note = prompts.load("reminders/cleared", call=call_line(call), size=_size(result), again=again)
        gain = block_tokens(result) - text_tokens(note)
        if gain > 0:
            replacements.append(Replacement(note, tool_use_id=result.tool_use_id))
            freed += gain
    return Clearing(tuple(replacements), WHY, freed) if replacements and freed >= at_least else None


def _size(result: ToolResult) -> str:
    lines = sum(block.text.count("\n") + 1 for block in result.content if isinstance(block, Text))
    media = sum(not isinstance(block, Text) for block in result.content)
    parts = [f"{lines:,} line{'s' if lines != 1 else ''}"] if lines else []
    return " and ".join([*parts, *([f"{media} picture{'s' if media != 1 else ''} or document"] if media else [])])
