from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from coder.core.messages import Usage
from coder.core.prints import Difference, Print
from coder.telemetry.cache_report import CacheReport, report
from coder.telemetry.rows import PromptRow, Row
from tests.unit.telemetry.test_ledger_rows import row

HEAD: tuple[Print, ...] = (("t", 10, "tool"), ("s", 20, "sys1"))
OTHER: tuple[Print, ...] = (("t", 10, "tool"), ("s", 21, "sys2"))
FIRST: Print = ("u", 30, "hello")


def price(model: str, usage: Usage) -> float | None:
    """Ten times as dear to write as to read."""
    return None if model == "local" else usage.cache_read_input_tokens * 1e-6 + usage.cache_creation_input_tokens * 1e-5


def asked(at: str, read: int, written: int, number: int = 1, run: str = "r", **changes: Any) -> Row:
    prompt = changes.pop("prompt", PromptRow("h1", 2, "", 0, 0, (*HEAD, FIRST)))
    usage = Usage(0, 5, written, read)
    return row(ts=f"2026-11-29T{at}.000Z", usage=usage, number=number, run=run, prompt=prompt, **changes)


def of(*rows: Row, heads: Mapping[str, Sequence[str]] | None = None) -> CacheReport:
    return report(rows, price, lambda name: (heads or {}).get(name, ()))


def test_what_the_request_before_had_cached_is_what_can_be_read() -> None:
    found = of(asked("10:00:00", 0, 1000), asked("10:00:10", 1000, 50, 2), asked("10:00:20", 1050, 7, 3))
    assert (found.misses, found.wasted) == ((), 0)
    assert [round(line.hit, 2) for line in found.lines] == [0, 0.95, 0.99]


@pytest.mark.behaviour("B-548")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": "m2"}, "the model changed from m to m2"),
        ({"edit": "clear tool results"}, "the past was changed: clear tool results"),
        ({"difference": Difference("tools[0]", 3, "a", "b", exact=True)}, "the tools changed"),
        ({"difference": Difference("system[0]", 3)}, "the system prompt changed"),
        ({"difference": Difference("messages[2].content[0]", 3)}, "an earlier message changed"),
        ({"difference": Difference("thinking and effort", 3)}, "thinking and effort changed"),
        ({}, "not known: the request begins like the one before it, but the API did not find it in its cache"),
    ],
)
def test_a_miss_names_its_reason(changes: dict[str, Any], why: str) -> None:
    found = of(asked("10:00:00", 0, 1000), asked("10:00:10", 200, 900, 2, **changes))
    (line,) = found.misses
    assert line.miss is not None and (line.miss.tokens, line.miss.why) == (800, why)
    assert line.miss.dollars == pytest.approx(800 * 9e-6)


@pytest.mark.behaviour("B-548")
def test_an_entry_that_was_idle_too_long_has_expired() -> None:
    first = asked("10:00:00", 0, 1000)
    assert of(first, asked("10:04:59", 0, 1000, 2)).lines[1].miss.why.startswith("not known")  # type: ignore[union-attr]
    (line,) = of(first, asked("10:12:00", 0, 1000, 2)).misses
    assert line.miss is not None and line.miss.why == "the cache expired: 12 min between the requests"
    hour = row(ts="2026-11-29T10:00:00.000Z", usage=Usage(0, 5, 1000, 0, 0, 1000))
    assert of(hour, asked("10:12:00", 0, 1000, 2)).lines[1].miss.why.startswith("not known")  # type: ignore[union-attr]


@pytest.mark.behaviour("B-547")
def test_a_changed_system_prompt_of_another_process_is_named_to_the_byte() -> None:
    changed = PromptRow("h2", 2, "", 0, 0, (*OTHER, FIRST))
    heads = {"h1": ["0123456789", "Be good. Be brief.XX"], "h2": ["0123456789", "Be good. Be long. XXX"]}
    found = of(asked("10:00:00", 0, 100), asked("10:00:10", 0, 100, 1, "r2", prompt=changed), heads=heads)
    (line,) = found.misses
    assert line.miss is not None and line.miss.why == "the system prompt changed"
    assert line.miss.difference == Difference("system[0]", 10 + 12, "brief.XX", "long. XXX", exact=True)


def test_without_the_words_the_piece_is_named() -> None:
    changed = PromptRow("h2", 2, "", 0, 0, (*OTHER, FIRST))
    found = of(asked("10:00:00", 0, 100), asked("10:00:10", 0, 100, 1, "r2", prompt=changed))
    assert found.misses[0].miss is not None
    assert found.misses[0].miss.difference == Difference("system[0]", 10)


def test_prints_are_put_together_from_what_each_row_adds() -> None:
    rows = [
        asked("10:00:00", 0, 100),
        asked("10:00:10", 100, 5, 2, prompt=PromptRow("h1", 2, "", 1, 3, (("a", 5, "re"), ("u", 6, "ply")))),
        asked("10:00:20", 100, 5, 1, "r2", prompt=PromptRow("h1", 2, "", 0, 0, (*HEAD, FIRST, ("a", 5, "xx")))),
    ]
    (line,) = of(*rows).misses
    assert line.miss is not None and line.miss.difference == Difference("messages[1].content[0]", 60)


def test_a_row_that_is_gone_makes_the_place_unknown_and_nothing_else() -> None:
    rows = [
        asked("10:00:10", 0, 100, 2, prompt=PromptRow("h1", 2, "", 1, 3, (("a", 5, "re"),))),
        asked("10:00:20", 0, 100, 1, "r2"),
    ]
    (line,) = of(*rows).misses
    assert line.miss is not None and line.miss.difference is None


def test_agents_and_side_requests_are_conversations_of_their_own() -> None:
    found = of(
        asked("10:00:00", 0, 1000),
        asked("10:00:05", 0, 0, 2, purpose="title"),
        asked("10:00:06", 0, 500, 3, agent="main/explore"),
        asked("10:00:10", 1000, 5, 4),
        asked("10:00:12", 1005, 5, 5, purpose="compact"),
    )
    assert found.misses == ()


def test_a_price_that_is_not_known_makes_the_loss_unknown() -> None:
    found = of(asked("10:00:00", 0, 1000, model="local"), asked("10:00:10", 0, 1000, 2, model="local"))
    assert (found.wasted, found.dollars) == (1000, None)
