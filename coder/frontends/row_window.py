"""Which of a list of blocks of rows are in view, with a certain one among them. Pure; must not know what they show."""

from __future__ import annotations

from collections.abc import Callable

from coder.frontends.styled import Row


def windowed(block: Callable[[int], list[Row]], count: int, at: int, top: int, room: int) -> tuple[list[Row], int, int]:
    """The rows in view, the first block among them, and the one behind the last. The block `at` is in view, from `top`
    as little as possible is moved, and no room is left at the end. At most `room` rows; a block too tall for that is
    cut when it stands alone. Only blocks near `at` are made."""
    start, left = at, room - len(block(at))
    while start > 0 and (size := len(block(start - 1))) <= left:
        start, left = start - 1, left - size
    start = max(start, min(top, at))
    made: list[Row] = []
    end = start
    while end < count and len(made) + len(next_block := block(end)) <= room:
        made += next_block
        end += 1
    while end == count and start > 0 and len(made) + len(before := block(start - 1)) <= room:
        made = [*before, *made]
        start -= 1
    return (made, start, end) if made else (block(at)[:room], start, start + 1)
