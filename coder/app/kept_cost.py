"""What a session had cost before this process went on with it, from the ledger. Must not know who shows it."""

from __future__ import annotations

from coder.core.config import Config
from coder.core.lazy import LazyModule

_spending = LazyModule("coder.telemetry.spending")


def kept_cost(config: Config, session_id: str) -> float | None:
    """In US dollars; None where a price is not known, or the ledger cannot be read. Blocks."""
    if not config.persist or config.model.is_replay:
        return 0.0
    try:
        rows = [each for each in _spending.read(config.home).rows if each.session == session_id]
    except OSError:
        return None
    found = _spending.total(rows)
    return None if found.unpriced else float(found.dollars)
