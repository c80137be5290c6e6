"""Long lists of names, written as text because they read better so. Knows nothing."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """The blank-separated names in `text`."""
    return frozenset(text.split())
