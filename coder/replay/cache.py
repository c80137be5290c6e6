"""A simulation of the prompt cache: what a request reads, writes and pays in full. Must not know answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.pieces import Prefix

LOOKBACK = 20
SECONDS = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Tokens of one request by price, and what to remember if it is answered."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    fresh: int = 0
    touched: tuple[tuple[bytes, str], ...] = field(default=(), compare=False)

    def usage(self) -> Json:
        """The API's usage object, output aside."""
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.written_5m + self.written_1h,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
            "service_tier": "standard",
        }


class CacheSimulation:
    """Entries are written at breakpoints only and found by looking back at most 20 pieces from each breakpoint."""

    def __init__(self, *, min_tokens: int = 1024, clock: Callable[[], float] = time.time) -> None:
        self._min_tokens = min_tokens
        self._clock = clock
        self._entries: dict[bytes, tuple[float, str]] = {}  # prefix hash → when it expires, time to live

    def look(self, prefix: Prefix) -> CacheUse:
        """What `prefix` would read and write now. Changes nothing."""
        hashes, totals = prefix.hashes, prefix.totals
        marks = [(at, ttl) for at, ttl in prefix.marks() if totals[at] >= self._min_tokens]
        hit = max((found for at, _ in marks if (found := self._find(hashes, at)) is not None), default=None)
        covered = read = totals[hit] if hit is not None else 0
        written = dict.fromkeys(SECONDS, 0)
        touched = []
        for at, ttl in marks:
            touched.append((hashes[at], ttl))
            if totals[at] > covered:
                written[ttl] += totals[at] - covered
                covered = totals[at]
        if hit is not None:
            touched.append((hashes[hit], self._entries[hashes[hit]][1]))
        return CacheUse(read, written["5m"], written["1h"], prefix.tokens - covered, tuple(touched))

    def commit(self, use: CacheUse) -> None:
        """Remembers what an answered request wrote, and renews what it read."""
        now = self._clock()
        for key, ttl in use.touched:
            self._entries[key] = max(self._entries.get(key, (0.0, ttl)), (now + SECONDS[ttl], ttl))

    def _find(self, hashes: Sequence[bytes], mark: int) -> int | None:
        now = self._clock()
        for at in range(mark, max(-1, mark - LOOKBACK), -1):
            if self._entries.get(hashes[at], (0.0, ""))[0] > now:
                return at
        return None
