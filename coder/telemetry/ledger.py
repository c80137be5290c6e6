"""What a session has used and cost, as a listener over events. Must not know prices: they are asked of whoever knows.

A cost that is not known is None, never zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, UsageReported
from coder.core.messages import Json, Usage

Price = Callable[[str, Usage], float | None]  # US dollars of one request; None: the model's price is not known
Limits = Callable[[str], tuple[int, int] | None]  # context window and output limit in tokens; None: not known


@dataclass(slots=True)
class _Account:
    """What one model adds up to."""

    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    unpriced: int = 0  # requests whose price is not known


def _no_limits(model: str) -> None:
    del model


class Ledger:
    """Totals since the start or the last `reset`, over every agent of the session. Each request is priced by itself."""

    def __init__(self, price: Price, limits: Limits = _no_limits) -> None:
        self._price = price
        self._limits = limits
        self._accounts: dict[str, _Account] = {}
        self._api_seconds = 0.0

    def on(self, event: AnyEvent) -> None:
        """Takes notice of `UsageReported`; other events pass by."""
        if not isinstance(event, UsageReported):
            return
        account = self._accounts.setdefault(event.model, _Account())
        account.usage += event.usage
        self._api_seconds += event.api_seconds
        cost = self._price(event.model, event.usage)
        if cost is None:
            account.unpriced += 1
        else:
            account.cost += cost

    def reset(self) -> None:
        """Starts again from nothing (`/clear`)."""
        self._accounts.clear()
        self._api_seconds = 0.0

    @property
    def api_seconds(self) -> float:
        """Time spent waiting for the model, in seconds."""
        return self._api_seconds

    @property
    def usage(self) -> Usage:
        return sum((account.usage for account in self._accounts.values()), Usage())

    @property
    def known_cost(self) -> float:
        """What is known of the cost, in dollars: all of it when `total_cost` is a number."""
        return sum(account.cost for account in self._accounts.values())

    @property
    def total_cost(self) -> float | None:
        """In dollars; None when the price of any request is not known."""
        return None if self.unpriced_models else self.known_cost

    @property
    def unpriced_models(self) -> tuple[str, ...]:
        return tuple(name for name, account in self._accounts.items() if account.unpriced)

    def model_usage(self) -> Json:
        """Totals by model in the `modelUsage` shape of a result message; `costUSD` is None when it is not known."""
        return {name: self._row(name, account) for name, account in self._accounts.items()}

    def _row(self, name: str, account: _Account) -> Json:
        row: Json = {
            "inputTokens": account.usage.input_tokens,
            "outputTokens": account.usage.output_tokens,
            "cacheReadInputTokens": account.usage.cache_read_input_tokens,
            "cacheCreationInputTokens": account.usage.cache_creation_input_tokens,
            "webSearchRequests": account.usage.web_search_requests,
            "costUSD": None if account.unpriced else account.cost,
        }
        if (limits := self._limits(name)) is not None:
            row["contextWindow"], row["maxOutputTokens"] = limits
        return row
