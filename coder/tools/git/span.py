"""Which lines somebody asked for: `40-60`, `40-` or `40`. Pure."""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError

_SPAN = re.compile(r"\s*(\d{1,9})\s*(?:(?P<to>[-,:])\s*(\d{1,9})?)?\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """`last` is None for all that follow."""

    first: int
    last: int | None


def span_of(text: str | None) -> Span | None:
    """None when nothing was asked for. Raises ToolError."""
    if text is None or not text.strip():
        return None
    found = _SPAN.match(text)
    if found is None or int(found[1]) < 1:
        raise ToolError(f'`lines` {text!r} cannot be read: write "40-60", "40-" or "40"; the first line is 1.')
    first = int(found[1])
    last = int(found[3]) if found[3] else None if found["to"] else first
    if last is not None and last < first:
        raise ToolError(f"`lines` {text!r} ends before it begins.")
    return Span(first, last)
