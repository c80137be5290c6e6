"""Times, money, tokens, sizes and counts, for the eye, for tables and for the ear."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coder.frontends.amounts import (
    counted,
    duration,
    exact_money,
    money,
    rounded,
    size,
    spoken_duration,
    spoken_money,
    spoken_seconds,
    tokens,
    whole_seconds,
)


def test_times() -> None:
    assert [duration(each) for each in (-1, 0, 0.4, 2.1, 9.94, 12, 59.6, 70, 3600, 7500)] == [
        "0.0s", "0.0s", "0.4s", "2.1s", "9.9s", "12s", "1m 00s", "1m 10s", "1h 00m", "2h 05m",
    ]  # fmt: skip
    assert [whole_seconds(each) for each in (-1, 0, 3.9, 59.9, 70)] == ["0s", "0s", "3s", "59s", "1m 10s"]


def test_times_for_the_ear_have_no_noughts_in_front() -> None:
    assert [spoken_duration(each) for each in (-1, 0.42, 12.3, 65, 90)] == ["0.0s", "0.4s", "12s", "1m 5s", "1m 30s"]
    assert [spoken_seconds(each) for each in (6.2, 90, 7500)] == ["6s", "1m 30s", "2h 5m"]


def test_money() -> None:
    assert [money(each) for each in (0, 0.04, 1234.5, 0.001, None)] == [
        "$0.00", "$0.04", "$1,234.50", "under $0.01", "cost unknown",
    ]  # fmt: skip
    assert [spoken_money(each) for each in (None, 0.0, 0.004, 0.01, 0.04, 1.2)] == [
        "cost unknown", "no cost", "less than 1 cent", "1 cent", "4 cents", "$1.20",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(0.0, "$0.00"), (0.00002, "<$0.0001"), (0.0042, "$0.0042"), (0.1, "$0.10"), (1234.5, "$1,234.50")],
)
def test_money_in_tables(dollars: float, words: str) -> None:
    assert exact_money(dollars) == words


@example(0.0049)
@given(st.floats(min_value=1e-9, max_value=1e6))
def test_what_is_not_free_is_never_zero(dollars: float) -> None:
    assert money(dollars) != money(0)
    assert exact_money(dollars) != exact_money(0)
    assert spoken_money(dollars) != spoken_money(0)


def test_tokens_sizes_and_counts() -> None:
    assert [tokens(count) for count in (0, 999, 1_000, 24_140, 999_960)] == ["0", "999", "1.0k", "24.1k", "1.0M"]
    assert [rounded(count) for count in (200_000, 1_000_000, 160_500)] == ["200k", "1M", "160.5k"]
    assert [size(count) for count in (0, 420, 3_900, 2_000_000)] == ["0.0 KB", "0.4 KB", "3.9 KB", "2.0 MB"]
    assert counted(1, "file") == "1 file"
    assert [counted(1204, "line"), counted(2, "try", "tries")] == ["1,204 lines", "2 tries"]
