"""What was cleared from a conversation stays cleared when it is read again. Pure; must not know files or lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from coder.core.dataclass import dataclass
from coder.core.edits import Clearing, applied
from coder.core.messages import Message, ToolResult


@dataclass(frozen=True, slots=True)
class Cleared:
    """A clearing, and the entry that was the last one when it was made; None when that is not known."""

    edit: Clearing
    leaf: str | None


def without_cleared(
    placed: Sequence[tuple[Message, int]], clearings: Iterable[Cleared], reach: Callable[[str], int]
) -> tuple[Message, ...]:
    """The messages as the clearings left them. Each message comes with the place of its last entry on the branch, and
    `reach` says up to which place the branch was there when an entry was the last one: a clearing counts for that.

    Never raises.
    """
    found: list[Message | None] = [message for message, _ in placed]
    owners: dict[str, list[int]] = {}
    for index, (message, _) in enumerate(placed):
        for name in _names(message):
            owners.setdefault(name, []).append(index)
    for each in clearings:
        last = sys.maxsize if each.leaf is None else reach(each.leaf)
        named = {each.tool_use_id or each.message for each in each.edit.replacements}
        for index in sorted({index for name in named for index in owners.get(name, ())}):
            before = found[index]
            if before is not None and placed[index][1] <= last:
                found[index] = next(iter(applied((before,), each.edit)), None)
    return tuple(message for message in found if message is not None)


def _names(message: Message) -> set[str]:
    results = {block.tool_use_id for block in message.content if isinstance(block, ToolResult)}
    return results | {message.meta.uuid}
