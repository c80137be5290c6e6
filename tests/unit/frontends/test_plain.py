from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.plain import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 back\x08space", "bell backspace"),
        ("c1 \x9b31m", "c1 31m"),
        ("日本語 🎉 é", "日本語 🎉 é"),
        ("dos\r\nlines\r", "dos\nlines"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_nothing_printable_can_start_an_escape_sequence(text: str) -> None:
    shown = printable(text)
    assert not any(char < " " and char not in "\t\n" for char in shown)
    assert not any("\x7f" <= char <= "\x9f" for char in shown)


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_line_and_bounded(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert "\n" not in line and len(line) <= limit
