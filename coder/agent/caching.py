"""Where the cache breakpoints of a request go. Pure; knows nothing of prices or transports."""

from __future__ import annotations

from collections.abc import Sequence

from coder.core.messages import Block, Message, Opaque, Thinking

Mark = tuple[int, int]


def plan(view: Sequence[Message], context_blocks: int, previous: Mark | None) -> tuple[Mark, ...]:
    """Up to three marks beside the one on system and tools: project context, previous request's end, this one's end.

    The mark on the previous end matters when a turn adds more blocks than the cache looks back (20): without it,
    the prefix that was written last time would not be found.
    """
    marks: list[Mark] = []
    if view and context_blocks:
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


def _can_carry(block: Block) -> bool:
    return not isinstance(block, Thinking | Opaque)
