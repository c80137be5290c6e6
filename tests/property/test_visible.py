"""What is shown to people holds nothing that cannot be seen, whatever came in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.visible import BLANKS, visible, visible_line

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
EMPTY = "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
NASTY = "\x00\t\r\x1b\x7f\x85\x9b\xa0\xad\u200b\u200d\u200e\u2028\u202e\u2066\u2069\u3000\ufeff\ud800\U000e0041" + EMPTY

anything = st.text(st.one_of(st.characters(), st.sampled_from(NASTY + " \n;a\\[]"))) | st.lists(
    st.tuples(st.sampled_from(NASTY + " \na"), st.integers(1, 40))
).map(lambda runs: "".join(char * count for char, count in runs))


@pytest.mark.behaviour("B-660")
@given(anything)
def test_no_character_of_the_output_is_unseen(text: str) -> None:
    made = visible(text)
    assert all(char == "\n" or unicodedata.category(char) not in UNSEEN for char in made)
    assert not set(made) & set(EMPTY)
    assert all(char == " " for char in made if unicodedata.category(char) == "Zs")
    assert " " * (BLANKS + 1) not in made
    assert "\n" * (BLANKS + 2) not in made


@given(anything)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(anything)
def test_what_can_be_seen_stays_in_order(text: str) -> None:
    made = iter(visible(text))
    plain = (char for char in text if "!" <= char <= "~")
    assert all(char in made for char in plain)


@given(anything)
def test_one_line_is_one_line(text: str) -> None:
    assert "\n" not in visible_line(text)
