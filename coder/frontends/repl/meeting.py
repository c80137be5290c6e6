"""That other sessions work in the same place, in one quiet line. Must not know how that is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.sessions.presence import Here

_LONGEST = 40  # characters of a title


def told(others: Sequence[Here]) -> Row:
    """`others` are not empty, the latest first."""
    first = others[0]
    title = f'"{foreign(first.title)[:_LONGEST]}", ' if first.title else ""
    since = f"{datetime.fromtimestamp(first.since).astimezone():%H:%M}"
    many = "Another session works here" if len(others) == 1 else f"{len(others)} other sessions work here, the latest"
    return row((f"{many}: {title}since {since} · coder -w keeps them apart", "dim"))
