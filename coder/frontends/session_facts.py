"""What a stored session used, in numbers and money. Must not know how a list of them looks."""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.models.catalog import price
from coder.sessions.glimpse import Glimpse
from coder.sessions.index import Facts


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session and what it used. `cost` is in dollars, None when a price is not known. `is_at_work`: a process has it
    open and changes things, or waits for a person."""

    session: Glimpse
    prompts: int | None
    cost: float | None
    is_at_work: bool = False


def session_facts(session: Glimpse, facts: Facts | None, *, is_at_work: bool = False) -> SessionFacts:
    if facts is None:
        return SessionFacts(session, None, None, is_at_work)
    prices = [price(model, usage) for model, usage in facts.replies]
    known = [each for each in prices if each is not None]
    return SessionFacts(session, facts.prompts, sum(known) if len(known) == len(prices) else None, is_at_work)


def dollars(cost: float | None) -> str:
    """`$0.82`; "" when it is not known."""
    if cost is None:
        return ""
    return "$0.00" if cost == 0 else "<$0.01" if cost < 0.01 else f"${cost:.2f}"
