"""Which old tool results are cleared: many at once and seldom, since each clearing costs the cached prefix behind it.
Must not know which tools there are, only how the output of a call could be had again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from coder.agent.room import Batch, Renewal
from coder.agent.spill import shortened
from coder.agent.weight import block_tokens, text_tokens
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.edits import Clearing, Replacement
from coder.core.messages import Message, Text, ToolResult, ToolUse

WHY = "clear tool results"
_SMALL = 200  # tokens; what a placeholder would hardly shorten
_ENDS = 1_000  # characters of an output's two ends that stay when the whole goes to a file
_ENDS_TOKENS, _SHORTENED, _NOTE_TOKENS = 350, 600, 40


@dataclass(frozen=True, slots=True)
class Old:
    """A result to be cleared. `again` says how to get it; "" when it goes to a file first."""

    call: ToolUse
    result: ToolResult
    again: str

    @property
    def gain(self) -> int:
        """The tokens it frees, about."""
        return block_tokens(self.result) - (_NOTE_TOKENS if self.again else _ENDS_TOKENS)


def batch(
    messages: Sequence[Message], context: int, renewal: Callable[[ToolUse], Renewal], folder: Path, rules: Batch
) -> list[Old]:
    """The results to clear now in a context of so many tokens; none when it is not worth it. Pure."""
    if context <= rules.above:
        return []
    found = []
    for call, result in _old(messages, rules.keep):
        if block_tokens(result) <= _SMALL:
            continue
        again = _in_file(result, folder)
        how: Renewal = "again" if again else renewal(call)
        if again and block_tokens(result) < _SHORTENED:
            continue  # cleared before
        if how == "again":
            again = again or f"{'Read the file' if call.name == 'Read' else 'Run the call'} again if you need it."
        elif how == "never" or not all(isinstance(part, Text) for part in result.content):
            continue
        found.append(Old(call, result, again))
    worth = [old for old in found if old.gain > 0]
    return worth if sum(old.gain for old in worth) >= rules.least(context) else []


def clearing(found: Sequence[Old], folder: Path) -> Clearing | None:
    """The edit that clears them. Writes the outputs that could not be had again to files in `folder`; one that cannot
    be written stays. Blocks."""
    replacements = []
    freed = 0
    for old in found:
        note = _note(old) if old.again else shortened(_words(old.result), folder, old.call.id, _ENDS)
        if note is not None and (gain := block_tokens(old.result) - text_tokens(note)) > 0:
            replacements.append(Replacement(note, tool_use_id=old.result.tool_use_id))
            freed += gain
    return Clearing(tuple(replacements), WHY, freed) if replacements else None


def everything(messages: Sequence[Message], keep: int) -> Clearing | None:
    """All results but the last `keep`, whether they can be had again or not: for a context that is too long to send."""
    again = "Run the call again if you need it."
    old = [Old(call, r, again) for call, r in _old(messages, keep) if block_tokens(r) > _SMALL]
    return clearing(old, Path())


def _old(messages: Sequence[Message], keep: int) -> list[tuple[ToolUse, ToolResult]]:
    """Results the model has seen, but the last `keep`, with their calls."""
    calls = {call.id: call for message in messages for call in message.tool_uses}
    counts = [sum(isinstance(block, ToolResult) for block in message.content) for message in messages]
    results = [block for message in messages for block in message.content if isinstance(block, ToolResult)]
    unseen = next((n for n, m in zip(reversed(counts), reversed(messages), strict=True) if n or m.role != "user"), 0)
    old = results[: max(0, len(results) - max(keep, unseen))]
    return [(calls[result.tool_use_id], result) for result in old if result.tool_use_id in calls]


def _in_file(result: ToolResult, folder: Path) -> str:
    """Where the whole output is already; "" when it is nowhere."""
    found = re.search(re.escape(f"{folder}/") + r"[\w.-]*\w", _words(result))
    return f"The whole of it is in {found[0]}." if found else ""


def _words(result: ToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, Text))


def _note(old: Old) -> str:
    return prompts.load("reminders/cleared", size=_size(old.result), again=old.again)


def _size(result: ToolResult) -> str:
    lines = sum(block.text.count("\n") + 1 for block in result.content if isinstance(block, Text))
    media = sum(not isinstance(block, Text) for block in result.content)
    parts = [f"{lines:,} line{'s' if lines != 1 else ''}"] if lines else []
    return " and ".join([*parts, *([f"{media} picture{'s' if media != 1 else ''} or document"] if media else [])])
