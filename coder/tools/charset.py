"""Sets of characters as sorted code point ranges. Must not know how any regular-expression dialect writes them.

The classes are ASCII and the case pairs are ours, because engines disagree about both beyond ASCII (and between their
own versions): a set computed here reads the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)
ANY: Ranges = ((0, 0xD7FF), (0xE000, LAST))
DIGIT: Ranges = ((0x30, 0x39),)
SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20))
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
NEWLINE: Ranges = ((0x0A, 0x0A),)

WIDEST_FOLD = 4096  # code points beyond ASCII whose case pairs are looked up one by one


def union(sets: Iterable[Ranges]) -> Ranges:
    """Everything that is in one of the sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in sets for pair in ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges, *, surrogates: bool = False) -> Ranges:
    """Every other character; with `surrogates` also the code points that stand for none."""
    taken = ranges if surrogates else union((ranges, (SURROGATES,)))
    rest: list[tuple[int, int]] = []
    start = 0
    for low, high in taken:
        if low > start:
            rest.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        rest.append((start, LAST))
    return tuple(rest)


def without(ranges: Ranges, removed: Ranges) -> Ranges:
    return complement(union((complement(ranges), removed)))


def single(ranges: Ranges) -> str | None:
    """The only character of the set, or None."""
    match ranges:
        case ((low, high),) if low == high:
            return chr(low)
        case _:
            return None


def cases(char: str) -> set[str]:
    """The character and its other case, where that is one character. ASCII pairs with ASCII only (no K for k)."""
    pairs = {char, char.lower(), char.upper()}
    return {each for each in pairs if len(each) == 1 and each.isascii() == char.isascii()}


def fold(ranges: Ranges) -> Ranges | None:
    """The set with the other case of each member, or None when it is too wide to look at one by one."""
    if sum(high - max(low, 0x80) + 1 for low, high in ranges if high >= 0x80) > WIDEST_FOLD:
        return None
    members = (chr(point) for low, high in ranges for point in range(low, high + 1))
    return union([ranges, tuple((ord(each), ord(each)) for member in members for each in cases(member))])
