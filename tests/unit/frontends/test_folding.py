"""Rows that fit, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.folding import folded
from coder.frontends.styled import Row, Span, plain, row, width_of

TEXTS = st.text(st.sampled_from("ab .-日한é\u0301🙂"), max_size=60)
ROWS = st.lists(st.builds(Span, TEXTS, st.sampled_from(["", "dim", "bold"])), max_size=6).map(tuple)


@given(ROWS, st.integers(2, 40), st.integers(0, 12))
def test_no_row_is_wider_than_asked_and_no_character_but_blanks_is_lost(given_row: Row, width: int, hang: int) -> None:
    rows = folded(given_row, width, hang)
    assert rows and all(width_of(each) <= width for each in rows)
    assert "".join(map(plain, rows)).replace(" ", "") == plain(given_row).replace(" ", "")


@given(ROWS)
def test_a_row_that_fits_stays_as_it_is(given_row: Row) -> None:
    (only,) = folded(given_row, 500)
    assert plain(only) == plain(given_row).rstrip(" ")


def test_it_breaks_at_blanks_and_keeps_what_the_parts_mean() -> None:
    rows = folded(row(("✓ ", "ok"), "one two three", (" four", "dim")), 12)
    assert [plain(each) for each in rows] == ["✓ one two", "  three four"]
    assert rows[1] == (Span("  three "), Span("four", "dim")) or rows[1] == (Span("  three"), Span(" four", "dim"))
    assert [plain(each) for each in folded(row("a bcdefghijkl"), 8)] == ["a bcdefg", "  hijkl"]


@given(ROWS, st.integers(-1, 1))
def test_a_terminal_of_one_column_breaks_nothing(given_row: Row, width: int) -> None:
    assert all(width_of(each) <= 1 for each in folded(given_row, width) if plain(each))
