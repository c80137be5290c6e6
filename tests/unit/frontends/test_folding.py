"""Rows that fit, whatever is in them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from coder.frontends.folding import fold_row, fold_rows, folded, hard_ranges, ranges, size_of
from coder.frontends.styled import Row, Span, plain, row

SAMPLES = st.text(st.sampled_from("ab .-日한é\u0301\u0940🙂"), max_size=60)
TEXTS = st.one_of(SAMPLES, st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
ROWS = st.lists(st.builds(Span, SAMPLES, st.sampled_from(["", "dim", "bold"])), max_size=6).map(tuple)
HANGS = st.integers(0, 12)


@given(ROWS, st.integers(2, 40), HANGS)
def test_no_row_is_wider_than_asked_and_no_character_but_blanks_is_lost(given_row: Row, width: int, hang: int) -> None:
    rows = fold_row(given_row, width, hang)
    assert rows and all(size_of(plain(each)) <= width for each in rows)
    assert "".join(map(plain, rows)).replace(" ", "") == plain(given_row).replace(" ", "")


@given(ROWS)
def test_a_row_that_fits_stays_as_it_is(given_row: Row) -> None:
    (only,) = fold_row(given_row, 500)
    assert plain(only) == plain(given_row).rstrip(" ")


@given(ROWS, st.integers(-1, 1))
def test_a_terminal_of_one_column_breaks_nothing(given_row: Row, width: int) -> None:
    assert all(size_of(plain(each)) <= 1 for each in fold_row(given_row, width) if plain(each))


@given(TEXTS, st.integers(1, 40), HANGS)
@example("aa aa", 4, 0)
@example("a bcdefghijkl", 8, 2)
def test_words_are_not_split_that_fit_a_row(text: str, width: int, rest: int) -> None:
    rows = ranges(text, width, rest)
    assert "".join(text[a:b] for a, b in rows).replace(" ", "") == text.replace(" ", "")
    assert all(a <= b <= c for (a, b), (c, _) in pairwise(rows))
    for (_, end), (start, _) in pairwise(rows):
        if end == start and text[start - 1].isascii() and text[start].isascii():  # within a word
            before = text[:end].rpartition(" ")[2]
            word = before + text[start:].partition(" ")[0]
            assert size_of(word) > max(width - rest, 1) or not word.isascii()


@given(TEXTS, st.integers(1, 40))
def test_code_keeps_every_character(text: str, width: int) -> None:
    assert "".join(text[a:b] for a, b in hard_ranges(text, width)) == text


def test_it_breaks_at_blanks_and_keeps_what_the_parts_mean() -> None:
    rows = fold_row(row(("✓ ", "ok"), "one two three", (" four", "dim")), 12)
    assert rows == [row(("✓ ", "ok"), "one two"), row("  ", "three", (" four", "dim"))]
    rows = fold_row(row(("✗ ", "bad"), "one two three four", (" five", "dim")), 12)
    assert rows == [row(("✗ ", "bad"), "one two"), row("  ", "three four"), row("  ", ("five", "dim"))]


def test_a_word_wider_than_a_row_begins_where_it_stands_and_is_cut_where_the_row_ends() -> None:
    assert [plain(each) for each in fold_row(row("a bcdefghijkl"), 8)] == ["a bcdefg", "  hijkl"]


def test_scripts_without_blanks_break_between_characters() -> None:
    assert ["".join(text for text, _ in each) for each in folded([("漢字漢字", "")], 5)] == ["漢字", "漢字"]


def test_what_goes_on_is_indented_as_its_row_is() -> None:
    rows = fold_rows([row("    one two three"), row(("✓ ", "ok"), "one two three")], 12)
    assert [plain(each) for each in rows] == ["    one two", "    three", "✓ one two", "  three"]
    assert [plain(each) for each in fold_rows([row("label one two")], 10, 6)] == ["label one", "     two"]
