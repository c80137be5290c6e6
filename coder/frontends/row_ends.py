"""Two texts on one row, at its two ends. Pure; must not know what they say."""

from __future__ import annotations

from coder.frontends.styled import Row, Span, plain, width_of

_GAP = 2  # cells between them at least


def between(left: Row, right: Row, width: int) -> Row | None:
    """Both on one row; None when they do not fit."""
    room = width - width_of(left) - width_of(right)
    return (*left, Span(" " * room), *right) if room >= (_GAP if plain(right) else 0) else None
