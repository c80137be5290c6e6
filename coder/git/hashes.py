"""The ids of git's objects, as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def hashes(texts: Iterable[str]) -> list[str]:
    """Those that are ids of objects, each once, and not that of nothing."""
    return [text for text in dict.fromkeys(texts) if HASH.match(text) and set(text) != {"0"}]
