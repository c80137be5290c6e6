"""How much a conversation may hold, and what is kept when it holds too much. Must not know how that is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Message, ToolUse

MOST_SUMMARY = 8_000  # tokens of the reply that summarises
Renewal: TypeAlias = Literal["again", "file", "never"]
"""How a result could be had again: by the same call, which changes nothing; not by a call, so that it is kept in a file
and its ends in place; or not at all, so that it stays."""


Renew: TypeAlias = "Callable[[Sequence[Message], Sequence[Message]], Sequence[Message]]"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Nothing is cleared in a context of up to `above` tokens, nor when less than `at_least` would be freed; in one of
    `urgent` tokens `at_once` is enough. The last `keep` results stay."""

    above: int = 60_000
    at_least: int = 30_000
    urgent: int = 75_000
    at_once: int = 20_000
    keep: int = 5

    def least(self, context: int) -> int:
        return self.at_once if context >= self.urgent else self.at_least


@dataclass(frozen=True, slots=True, eq=False)
class Keep:
    """What stays word for word at the end: at most so many tool pairs, of at most so many tokens together. A pair the
    model has not answered yet stays in any case, its results cut to fit."""

    pairs: int = 3
    tokens: int = 12_000


def unknown(call: ToolUse) -> Renewal:
    return "never"


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """How much a conversation may hold, in tokens. `auto_window` is the person's own, smaller window; `folder` takes
    what is left out of the conversation, and `renewal` tells how a result could be had again. `renew` gives the facts
    that a shortened conversation begins with, from those it began with before and all that is left out of it; it may
    read files."""

    window: int = 200_000
    max_output: int = 32_000
    auto: bool = True
    auto_window: int | None = None
    percent: int = 80
    keep: Keep = field(default_factory=Keep)
    clearing: Batch = field(default_factory=Batch)
    folder: Path = Path("/nonexistent")
    renewal: Callable[[ToolUse], Renewal] = unknown
    renew: Renew | None = None

    @property
    def compacts_at(self) -> int:
        """The tokens at which a conversation is compacted by itself: room is left for a reply and the summary."""
        share = min(self.window, self.auto_window or self.window) * self.percent // 100
        return min(share, max(self.window - self.max_output - MOST_SUMMARY, self.window // 4))
