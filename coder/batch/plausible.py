"""What a line of the journal may say, which anybody may have written. Raises ValueError. Must not know files."""

from __future__ import annotations

import math
import re

from coder.core.messages import Json

RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,30}\Z")  # it names folders and branches
COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?\Z")


def row(said: object) -> Json:
    """As `outcome.row` makes them. Raises ValueError for what is none: such a task has no result, and is done again."""
    if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
        raise ValueError("no result")
    texts = ("id", "status", "error", "branch", "worktree", "kept_because")
    if not all(isinstance(said.get(name), str) for name in texts):
        raise ValueError("no result")
    if dollars(said.get("seconds")) is None:
        raise ValueError("no result")
    dollars(said.get("total_cost_usd", -1))
    return dict(said)


def dollars(said: object) -> float | None:
    """None: not known. Raises ValueError: less than nothing would be money for others."""
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < 1e12 or math.isnan(said):
        raise ValueError("no amount")
    return float(said)


def commit(said: object) -> str:
    if said is not None and not (isinstance(said, str) and COMMIT.match(said)):
        raise ValueError("no commit")
    return said or ""
