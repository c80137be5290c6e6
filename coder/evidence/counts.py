"""Numbers of test reports: reading and adding them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.core.evidence import Tests

_ITEM = re.compile(r"(\d{1,9}) ([A-Za-z][A-Za-z -]*[a-z])")
_MOST = 999_999_999


def items(text: str) -> dict[str, int]:
    """`2 failed, 10 passed | 1 skipped` by word; a word that stands there twice counts together."""
    found: dict[str, int] = {}
    for number, word in _ITEM.findall(text):
        found[word] = found.get(word, 0) + int(number)
    return found


def whole(runner: str, total: int, failed: int, skipped: int) -> Tests:
    """A report that gives a total, and of it what failed and was left out."""
    return Tests(runner, max(total - failed - skipped, 0), failed, skipped)


def together(runner: str, every: Iterable[Tests]) -> Tests | None:
    """All of them as one; None for none. A number that none of them gave stays unknown."""
    found = list(every)
    if not found:
        return None
    return Tests(
        runner,
        _sum(each.passed for each in found),
        _sum(each.failed for each in found),
        _sum(each.skipped for each in found),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    if None in known and not any(known):
        return None
    return min(sum(number or 0 for number in known), _MOST)


def number(text: str | None) -> int:
    return min(int(text), _MOST) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
