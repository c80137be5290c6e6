from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import Interface
from coder.frontends.spoken.paragraphs import Paragraphs
from coder.frontends.spoken.why import plain_because
from coder.frontends.spoken.words import spoken_rows, spoken_text
from coder.frontends.styled import row


def given_out(*pieces: str) -> list[list[str]]:
    parts = Paragraphs()
    return [each for piece in pieces for each in parts.feed(piece)] + parts.end()


@pytest.mark.behaviour("B-945")
@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("✓ Read app.py · 3 lines", "done: Read app.py, 3 lines"),
        ("✗ Bash make · exit 2", "failed: Bash make, exit 2"),
        ("! Folder not trusted", "warning: Folder not trusted"),
        ("Model      opus (from settings) · effort high", "Model: opus (from settings), effort high"),
        ("  system prompt          3.1k   13%", "system prompt: 3.1k, 13%"),
        ("❯ 1 yours      ~/.coder/CLAUDE.md", "1 yours: ~/.coder/CLAUDE.md"),
        ("  This folder wants to:  run 2 hooks", "This folder wants to: run 2 hooks"),
        ("Which database? → SQLite", "Which database? to SQLite"),
        ("[#########......]", ""),
        ("────────────", ""),
        ("   ", ""),
        ("a - b", "a - b"),
    ],
)
def test_rows_are_said_without_marks_and_columns(drawn: str, said: str) -> None:
    assert spoken_text(drawn) == said


def test_what_is_only_drawn_is_left_out() -> None:
    assert spoken_rows([row("────"), row(("✓ ", "ok"), "Done"), row("")]) == ["done: Done"]


@pytest.mark.behaviour("B-945")
def test_an_answer_is_given_out_by_paragraph_and_tables_by_header() -> None:
    text = "# Login\n\nIt has **two** parts:\n1. `a`\n2. b\n\n| Name | Size |\n| --- | ---: |\n| x | 1 |\n| y | 2 |\n"
    assert given_out(text) == [
        ["Login"],
        ["It has two parts:", "1. `a`", "2. b"],
        ["Name: x, Size: 1", "Name: y, Size: 2"],
    ]


def test_code_is_kept_as_it_is() -> None:
    text = "See:\n```py\ndef f():\n\n    return '**x**'\n```\nDone."
    assert given_out(text) == [
        ["See:"],
        ["Code, py:"],
        ["def f():", "", "    return '**x**'", "End of code."],
        ["Done."],
    ]
    assert given_out("```\nx\n") == [["Code:"], ["x", ""]]


def test_a_paragraph_is_given_out_when_it_is_finished() -> None:
    parts = Paragraphs()
    assert parts.feed("One.\n") == []
    assert parts.feed("\nTw") == [["One."]]
    assert parts.end() == [["Tw"]]
    assert parts.end() == []


@given(st.text(alphabet="a|-# *`\n\x1b\u202e", max_size=60), st.integers(1, 7))
def test_how_an_answer_is_cut_makes_no_difference(text: str, size: int) -> None:
    whole_text = given_out(text)
    assert given_out(*(text[at : at + size] for at in range(0, len(text), size))) == whole_text
    assert not any(char in line for lines in whole_text for line in lines for char in "\x1b\u202e\n")


@pytest.mark.behaviour("B-944")
def test_what_asks_for_plain_lines_is_named() -> None:
    plain, set_so = Interface(), Interface(screen_reader=True)
    assert plain_because(True, {"TERM": "dumb"}, plain) == "--screen-reader"
    assert plain_because(False, {"ACCESSIBLE": "1"}, plain) == "ACCESSIBLE"
    assert plain_because(False, {"ACCESSIBLE": "0", "TERM": "xterm"}, plain) == ""
    assert plain_because(False, {"TERM": "dumb"}, plain) == "TERM=dumb"
    assert plain_because(False, {}, set_so) == "screenReader in your settings"
