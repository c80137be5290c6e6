"""What fills a model's context, by part and by item. Pure; knows no request: it is told the items and their weights.

Every number is a share of one counted total, so that the parts add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json

Category: TypeAlias = Literal[
    "system prompt",
    "tools",
    "memory",
    "skills",
    "environment",
    "prompts",
    "replies",
    "tool results",
    "summaries",
    "reminders",
]
Source: TypeAlias = Literal["counted", "estimated"]
MESSAGES: tuple[Category, ...] = ("prompts", "replies", "tool results", "summaries", "reminders")
HEAD: tuple[Category, ...] = ("system prompt", "tools", "memory", "skills", "environment")
LARGEST = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the context. `weight` is its size on any scale, the same for all; `hint` says what makes it less,
    `name` is its whole name where the label may be a part of one: a path, a tool."""

    category: Category
    label: str
    weight: int
    hint: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    item: Item
    tokens: int


@dataclass(frozen=True, slots=True)
class ContextReport:
    """`total` is what the API counted for the last request, or an estimate; `shares` add up to it. `later` is an
    estimate of what came since and is in no other number. `compacts_at` is None when nothing is compacted by itself."""

    model: str
    total: int
    source: Source
    window: int
    compacts_at: int | None
    shares: tuple[Share, ...]
    later: int = 0

    @property
    def free(self) -> int:
        return max(0, self.window - self.total)

    @property
    def largest(self) -> tuple[Share, ...]:
        return tuple(sorted(self.shares, key=lambda share: -share.tokens)[:LARGEST])

    def tokens_of(self, *categories: Category) -> int:
        return sum(share.tokens for share in self.shares if share.item.category in categories)

    def count_of(self, *categories: Category) -> int:
        return sum(share.item.category in categories for share in self.shares)

    def to_json(self) -> Json:
        parts = {
            name: {"tokens": self.tokens_of(name), "items": self.count_of(name)}
            for name in (*HEAD, *MESSAGES)
            if self.count_of(name)
        }
        largest = [
            {"category": s.item.category, "label": s.item.label, "tokens": s.tokens, "hint": s.item.hint}
            for s in self.largest
        ]
        return {
            "model": self.model,
            "total": self.total,
            "source": self.source,
            "window": self.window,
            "free": self.free,
            "compacts_at": self.compacts_at,
            "since_then": self.later,
            "parts": parts,
            "largest": largest,
        }


def shares(items: Sequence[Item], total: int) -> tuple[Share, ...]:
    """`total` divided by weight, to the last token (largest remainders first)."""
    weight = sum(item.weight for item in items)
    if not weight:
        return tuple(Share(item, total if at == 0 else 0) for at, item in enumerate(items))
    parts = [divmod(item.weight * total, weight) for item in items]
    left = total - sum(whole for whole, _ in parts)
    favoured = set(sorted(range(len(items)), key=lambda at: -parts[at][1])[:left])
    return tuple(Share(item, parts[at][0] + (at in favoured)) for at, item in enumerate(items))
