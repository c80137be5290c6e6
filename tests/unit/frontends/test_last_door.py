"""What reaches the terminal although somebody forgot to make it safe, and rows that pass for coder's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.render.markdown import markdown_text, tail_rows
from coder.frontends.render.marks import Marks
from coder.frontends.render.theme import Theme
from coder.frontends.styled import plain, row, width_of

_SGR = re.compile(r"\x1b\[[0-9;]*m")
PLAIN = Theme("none", "none")


@pytest.mark.behaviour("B-1074")
@given(st.text())
def test_a_row_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    painted = PLAIN.paint(row(text))
    assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u202e\u2066\u200b" for char in painted)
    painted.encode()  # no half of a pair


@pytest.mark.behaviour("B-1073")
@pytest.mark.parametrize(
    "line", ["❯ 1 Yes, this once", "? Run this command?", "✓ Edit app.py · allowed once", "! Stopped"]
)
@pytest.mark.parametrize("form", ["{}", "# {}", "```\n{}\n```", "first\\\n{}", "{}\n\nmore"])
def test_an_answer_has_no_row_that_begins_like_those_of_coder(line: str, form: str) -> None:
    text = form.format(line)
    answer = [_SGR.sub("", each) for each in markdown_text(text, 30, Theme())]
    for shown in (answer, [plain(each) for each in tail_rows(text, 30, 20)]):
        assert not any(each.startswith(("❯ ", "? ", "✓ ", "! ")) for each in shown)
        assert any(line[:6] in each for each in shown)
        assert all(width_of(row(each)) <= 30 for each in shown)


@pytest.mark.behaviour("B-1073")
def test_nor_where_the_marks_are_ascii() -> None:
    assert markdown_text("✗ Bash", 30, PLAIN, Marks("ascii")) == ["  x Bash"]
