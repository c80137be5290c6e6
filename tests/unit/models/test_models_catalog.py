from __future__ import annotations

import pytest

from coder.core.messages import Usage
from coder.models import catalog
from coder.models.catalog import as_of, describe, price, resolve, title

MILLION = Usage(input_tokens=1_000_000)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic/claude-opus-4.1", "claude-opus-4-1"),
        ("claude-opus-4@20250514", "claude-opus-4"),
        ("claude-opus-4-0", "claude-opus-4"),
        ("claude-haiku-5-5[1m]", "claude-haiku-5-5"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"),
        ("CLAUDE-OPUS-5-LATEST", "claude-opus-5"),
    ],
)
def test_dates_and_provider_names_find_their_row(name: str, row: str) -> None:
    facts = describe(name)
    assert (facts.id, facts.known) == (row, True)
    assert price(name, MILLION) is not None


@pytest.mark.behaviour("B-120")
@pytest.mark.parametrize(
    "name", ["", "llama3", "claude-opus-4-9", "claude-opus-5-5-custom", "my-claude-opus-5", "gpt/claude"]
)
def test_an_unknown_model_has_an_unknown_price_and_safe_limits(name: str) -> None:
    facts = describe(name)
    assert price(name, MILLION) is None
    assert not (facts.known or facts.thinking or facts.effort)
    assert (facts.max_output, facts.context_window) == (32_000, 200_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-opus-5-5", 4 + 20 + 5 + 8 + 0.20),
        ("claude-opus-5", 5 + 25 + 6.25 + 10 + 0.50),
        ("claude-opus-4-1", 15 + 75 + 18.75 + 30 + 1.50),
        ("claude-sonnet-5-5", 2 + 10 + 2.50 + 4 + 0.20),
        ("claude-sonnet-4", 3 + 15 + 3.75 + 6 + 0.30),
        ("claude-fable-5-1", 10 + 50 + 12.5 + 20 + 1),
        ("claude-haiku-4-5", 1 + 5 + 1.25 + 2 + 0.10),
        ("claude-haiku-5-5", 0.50 + 2.50 + 0.625 + 1.00 + 0.05),
    ],
)
def test_each_kind_of_token_has_its_price(name: str, expected: float) -> None:
    million = 1_000_000
    assert price(name, Usage(million, million, 2 * million, million, million, million)) == pytest.approx(expected)


def test_a_price_may_depend_on_the_prompt_size() -> None:
    assert price("claude-haiku-5-5", Usage(100_000, 0)) == pytest.approx(0.010)
    assert price("claude-haiku-5-5", Usage(40_000, 0, 0, 60_001)) == pytest.approx((40_000 * 0.5 + 60_001 * 0.05) / 1e6)


def test_cache_writes_without_detail_count_as_five_minute_ones() -> None:
    assert price("claude-opus-5-5", Usage(cache_creation_input_tokens=1_000_000)) == pytest.approx(5)


def test_no_tokens_cost_nothing_but_are_known() -> None:
    assert price("claude-opus-5-5", Usage()) == 0.0


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("claude-opus-5-5", (1_000_000, 128_000, True)),
        ("claude-opus-4-6", (1_000_000, 128_000, True)),
        ("claude-sonnet-4-6", (1_000_000, 64_000, True)),
        ("claude-haiku-4-5", (200_000, 64_000, False)),
        ("claude-opus-4-5", (200_000, 64_000, False)),
        ("claude-opus-4", (200_000, 32_000, False)),
        ("claude-mythos-5-2", (1_000_000, 128_000, True)),
    ],
)
def test_limits_and_abilities(name: str, facts: tuple[int, int, bool]) -> None:
    found = describe(name)
    assert (found.context_window, found.max_output, found.thinking) == facts
    assert found.effort == found.thinking


@pytest.mark.behaviour("B-121")
def test_aliases_name_current_models_and_can_be_set() -> None:
    assert resolve("default", {}) == resolve("sonnet", {}) == resolve("sonnet[1m]", {}) == "claude-sonnet-5-5"
    assert resolve("Opus", {}) == "claude-opus-5-5"
    assert resolve("haiku", {}) == "claude-haiku-5-5"
    assert resolve("best", {}) == resolve("fable", {}) == "claude-fable-5-1"
    assert resolve("opus", {"ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-4-8"}) == "claude-opus-4-8"
    assert resolve("opus", {"ANTHROPIC_DEFAULT_OPUS_MODEL": " "}) == "claude-opus-5-5"
    assert resolve("llama3:8b", {}) == "llama3:8b"


def test_every_alias_is_in_the_table_and_the_table_is_dated() -> None:
    assert all(describe(resolve(name, {})).known for name in ("default", "sonnet", "opus", "haiku", "best", "fable"))
    assert as_of() == "2026-11-22"


def test_the_dearest_a_token_can_be_is_known_before_it_is_sent() -> None:
    assert catalog.dearest("claude-sonnet-5-5", 0) == pytest.approx((2.5e-6, 10e-6))
    assert catalog.dearest("claude-haiku-5-5", 100_000) == pytest.approx((0.125e-6, 0.5e-6))
    assert catalog.dearest("claude-haiku-5-5", 100_001) == pytest.approx((0.625e-6, 2.5e-6))
    assert catalog.dearest("somebody-elses", 0) is None and catalog.dearest("claude-mythos-5", 0) is None


def test_names_of_one_model_are_recognised() -> None:
    assert catalog.is_same_model("claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert catalog.is_same_model("local", "local")
    assert not catalog.is_same_model("claude-sonnet-4-5", "claude-sonnet-4-6")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("claude-opus-4-8", "Claude Opus 4.8"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5"),
        ("claude-opus-4-0", "Claude Opus 4"),
        ("claude-next-9", "claude-next-9"),
        ("mine", "mine"),
    ],
)
def test_a_model_that_is_known_has_a_name_for_people(name: str, shown: str) -> None:
    assert title(name) == shown
