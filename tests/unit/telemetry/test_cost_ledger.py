from __future__ import annotations

import pytest

from coder.core.events import TextDelta, UsageReported
from coder.core.messages import Usage
from coder.telemetry.ledger import Ledger


def price(model: str, usage: Usage) -> float | None:
    return usage.output_tokens / 1000 if model.startswith("known") else None


def reported(model: str, usage: Usage, agent: str = "main") -> UsageReported:
    return UsageReported(model=model, usage=usage, api_seconds=1.5, agent=agent)


def test_a_new_ledger_has_cost_nothing() -> None:
    ledger = Ledger(price)
    assert (ledger.total_cost, ledger.usage, ledger.api_seconds, ledger.model_usage()) == (0, Usage(), 0, {})


def test_requests_of_all_agents_add_up_by_model() -> None:
    ledger = Ledger(price, lambda model: (200_000, 64_000) if model == "known-a" else None)
    ledger.on(reported("known-a", Usage(1, 1000, 3, 4, 2, 1)))
    ledger.on(reported("known-a", Usage(10, 500, 30, 40), agent="helper"))
    ledger.on(reported("known-b", Usage(5, 2000)))
    ledger.on(TextDelta(text="x"))
    assert ledger.total_cost == pytest.approx(3.5)
    assert ledger.api_seconds == 4.5
    assert ledger.usage == Usage(16, 3500, 33, 44, 2, 1)
    assert ledger.model_usage()["known-a"] == {
        "inputTokens": 11,
        "outputTokens": 1500,
        "cacheReadInputTokens": 44,
        "cacheCreationInputTokens": 33,
        "webSearchRequests": 0,
        "costUSD": 1.5,
        "contextWindow": 200_000,
        "maxOutputTokens": 64_000,
    }
    assert "contextWindow" not in ledger.model_usage()["known-b"]


@pytest.mark.behaviour("B-440")
def test_a_price_that_is_not_known_makes_the_total_unknown_and_keeps_the_known_part() -> None:
    ledger = Ledger(price)
    ledger.on(reported("known", Usage(output_tokens=1000)))
    ledger.on(reported("local", Usage(output_tokens=1000)))
    assert (ledger.total_cost, ledger.known_cost, ledger.unpriced_models) == (None, 1.0, ("local",))
    assert [row["costUSD"] for row in ledger.model_usage().values()] == [1.0, None]


def test_each_request_is_priced_by_itself() -> None:
    asked: list[int] = []

    def by_size(model: str, usage: Usage) -> float:
        asked.append(usage.input_tokens)
        return 2.0 if usage.input_tokens > 100 else 1.0

    ledger = Ledger(by_size)
    ledger.on(reported("m", Usage(80)))
    ledger.on(reported("m", Usage(80)))
    assert (ledger.total_cost, asked) == (2.0, [80, 80])


def test_a_reset_starts_again() -> None:
    ledger = Ledger(price)
    ledger.on(reported("local", Usage(1, 1)))
    ledger.reset()
    assert (ledger.total_cost, ledger.api_seconds, ledger.model_usage()) == (0, 0, {})
