"""What rows of the ledger add up to. Pure; knows no file and no page.

What is not known stays so: a sum says how much of it is known, and of how many requests it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage
from coder.telemetry.ledger_file import lines
from coder.telemetry.rows import Row, decode

Key: TypeAlias = Literal["day", "session", "model", "purpose", "agent"]


@dataclass(slots=True)
class Sum:
    """`dollars` is the known part. `unpriced`: requests whose model has no price; `unsure`: requests that may not have
    been billed at all, in no other number; `estimated`: requests of which a part of the usage is guessed."""

    requests: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0
    unpriced: int = 0
    unsure: int = 0
    estimated: int = 0
    estimated_dollars: float = 0.0
    seconds: float = 0.0

    def add(self, row: Row) -> None:
        self.seconds += row.ms / 1000
        if row.status == "unknown":
            self.unsure += 1
            return
        self.requests += 1
        self.usage += row.usage
        self.dollars += row.usd or 0.0
        self.unpriced += row.usd is None
        if row.status == "estimated":
            self.estimated += 1
            self.estimated_dollars += row.usd or 0.0

    @property
    def cached(self) -> float:
        """The part of the prompts that came from the cache, 0 to 1."""
        prompt = self.usage.prompt_tokens
        return self.usage.cache_read_input_tokens / prompt if prompt else 0.0

    def to_json(self) -> Json:
        """`usd` is None when a part of it is not known; `usd_at_least` is the known part."""
        return {
            "usd": None if self.unpriced else self.dollars,
            "usd_at_least": self.dollars,
            "requests": self.requests,
            "unknown_price": self.unpriced,
            "estimated": self.estimated,
            "usd_estimated": self.estimated_dollars,
            "maybe_not_billed": self.unsure,
            "tokens": {
                "in": self.usage.input_tokens,
                "out": self.usage.output_tokens,
                "cache_read": self.usage.cache_read_input_tokens,
                "write_5m": self.usage.cache_creation_input_tokens - self.usage.ephemeral_1h_input_tokens,
                "write_1h": self.usage.ephemeral_1h_input_tokens,
            },
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Book:
    """The rows that could be read, in order of time, and how many lines could not."""

    rows: tuple[Row, ...]
    bad: int = 0


def read(home: Path, since: datetime | None = None) -> Book:
    """The ledger from `since` on, a time with its zone. Raises OSError for a file that cannot be read."""
    rows: list[Row] = []
    bad = 0
    for line in lines(home, since):
        row = decode(line)
        if row is None or (when := time_of(row)) is None:
            bad += 1
        elif since is None or when >= since:
            rows.append(row)
    return Book(tuple(sorted(rows, key=lambda row: row.ts)), bad)


def time_of(row: Row) -> datetime | None:
    """When the request was over; None for a time that is none."""
    try:
        found = datetime.fromisoformat(row.ts)
    except ValueError:
        return None
    return found if found.tzinfo else None


def total(rows: Iterable[Row]) -> Sum:
    found = Sum()
    for row in rows:
        found.add(row)
    return found


def grouped(rows: Iterable[Row], key: Key, zone: tzinfo | None = None) -> dict[str, Sum]:
    """Sums by key, in order of first appearance. Days are those of `zone` (None: of this machine)."""
    name = _names(zone)[key]
    found: dict[str, Sum] = {}
    for row in rows:
        found.setdefault(name(row), Sum()).add(row)
    return found


def _names(zone: tzinfo | None) -> dict[Key, Callable[[Row], str]]:
    def day(row: Row) -> str:
        when = time_of(row)
        return when.astimezone(zone).date().isoformat() if when else ""

    return {
        "day": day,
        "session": lambda row: row.session,
        "model": lambda row: row.model,
        "purpose": lambda row: row.purpose,
        "agent": lambda row: row.agent,
    }
