"""Money and tokens in tables."""

from __future__ import annotations

import pytest

from coder.frontends.amounts import money, rounded, size, tokens


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(0.0, "$0.00"), (0.00002, "<$0.0001"), (0.0042, "$0.0042"), (0.1, "$0.10"), (1234.5, "$1,234.50")],
)
def test_what_is_not_free_is_never_zero(dollars: float, words: str) -> None:
    assert money(dollars) == words


def test_tokens_and_sizes() -> None:
    assert [tokens(count) for count in (0, 999, 1_000, 24_140, 999_960)] == ["0", "999", "1.0k", "24.1k", "1.0M"]
    assert [rounded(count) for count in (200_000, 1_000_000, 160_500)] == ["200k", "1M", "160.5k"]
    assert [size(count) for count in (0, 420, 3_900, 2_000_000)] == ["0.0 KB", "0.4 KB", "3.9 KB", "2.0 MB"]
