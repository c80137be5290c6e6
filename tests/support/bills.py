"""What a run cost by two accounts: the ledger of a home, and what the fake API billed."""

from __future__ import annotations

from collections.abc import Iterable

from coder.core.messages import usage_from_api
from coder.models import catalog
from coder.replay.server import Exchange
from coder.telemetry.rows import Row
from coder.telemetry.spending import read
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi


def rows(place: Place) -> list[Row]:
    """Every row of the ledger, which must have no bad line."""
    book = read(place.home / ".coder")
    assert book.bad == 0
    return list(book.rows)


def dollars(found: Iterable[Row]) -> float:
    return sum(row.usd or 0.0 for row in found)


def sent(api: RunningApi, *, whole: bool = True) -> list[Exchange]:
    """The model requests whose reply came through whole, or those that were worked on and broke off."""
    asked = [each for each in api.exchanges if each.path.endswith("/v1/messages") and each.usage]
    return [each for each in asked if (each.state == "sent") == whole]


def price(exchanges: Iterable[Exchange]) -> float:
    """What the fake API billed, by the price table. Raises AssertionError for a model without a price."""
    total = 0.0
    for each in exchanges:
        assert each.body is not None
        cost = catalog.price(str(each.body["model"]), usage_from_api(each.usage))
        assert cost is not None
        total += cost
    return total
