"""Where the cache breakpoints of a request go. Pure; knows nothing of prices or transports."""

from __future__ import annotations

from collections.abc import Sequence

from coder.core.messages import Block, Message, Opaque, Thinking, ToolResult

Mark = tuple[int, int]


def plan(
    view: Sequence[Message], context_blocks: int, previous: Mark | None, anchor: Mark | None = None
) -> tuple[Mark, ...]:
    """Up to three marks beside the one on system and tools: project context, previous request's end, this one's end.

    The mark on the previous end matters when a turn adds more blocks than the cache looks back (20): without it,
    the prefix that was written last time would not be found. `anchor` takes the place of the context once the past was
    edited: the next edit will leave what is before it as it is, so that much is found again then.
    """
    marks: list[Mark] = []
    if anchor is not None:
        marks.append(anchor)
    elif view and context_blocks:
        marks.append((0, context_blocks - 1))
    if previous is not None and previous[0] < len(view):
        marks.append(previous)
    if (end := last_mark(view)) is not None:
        marks.append(end)
    return tuple(dict.fromkeys(marks))


def last_mark(view: Sequence[Message]) -> Mark | None:
    """The last block of the last message that may carry a breakpoint."""
    if not view:
        return None
    for index in range(len(view[-1].content) - 1, -1, -1):
        if _can_carry(view[-1].content[index]):
            return (len(view) - 1, index)
    return None


def before_result(view: Sequence[Message], last: int) -> Mark | None:
    """The place before the earliest of the `last` tool results; with fewer of them, before the first."""
    found = [(n, at) for n, m in enumerate(view) for at, block in enumerate(m.content) if isinstance(block, ToolResult)]
    if not found or last < 1:
        return None
    index, at = found[max(0, len(found) - last)]
    if at and _can_carry(view[index].content[at - 1]):
        return (index, at - 1)
    return last_mark(view[:index])


def _can_carry(block: Block) -> bool:
    return not isinstance(block, Thinking | Opaque)
