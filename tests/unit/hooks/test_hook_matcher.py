"""What matchers match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.hooks.matcher import Matcher, matcher


def made(text: str, *, narrow: bool = False) -> Matcher:
    one = matcher(text, narrow=narrow)
    assert isinstance(one, Matcher)
    return one


@pytest.mark.behaviour("B-1171")
@pytest.mark.parametrize(
    ("text", "subject", "fits"),
    [
        ("", "Bash", True),
        ("*", "Bash", True),
        ("Bash", "Bash", True),
        ("Bash", "BashOutput", False),
        ("bash", "Bash", False),
        ("Edit|Write", "Write", True),
        ("Edit, Write", "Write", True),
        ("Edit |Write", "Edit", True),
        ("Edit|Write", "NotebookEdit", False),
        ("mcp__memory", "mcp__memory__store", False),
        ("mcp__memory__.*", "mcp__memory__store", True),
        ("mcp__.*__write.*", "mcp__files__write_file", True),
        ("^Notebook", "NotebookEdit", True),
        ("Edit.*", "NotebookEdit", True),  # unanchored
        ("^(?!Bash).*", "Read", True),
        ("^(?!Bash).*", "Bash", False),
        ("(?<tool>Read)$", "Read", True),
        (r"\w+", "é", False),  # as in JavaScript
        ("my-plugin_tool", "my-plugin_tool", True),
    ],
)
def test_names_and_expressions(text: str, subject: str, fits: bool) -> None:
    assert made(text).matches(subject) is fits


def test_a_narrow_list_is_split_on_bars_alone() -> None:
    assert made(".envrc|.env", narrow=True).matches(".env")
    assert made("rate_limit|overloaded", narrow=True).matches("overloaded")
    assert not made("a,b", narrow=True).matches("b_")
    assert made("a, b", narrow=True).matches("x a, b y")  # an expression


@pytest.mark.behaviour("B-1171")
@pytest.mark.parametrize(
    "text",
    ["[", "(a+)+$", "(a|a)*$", "(a?){40}b", ".*.*.*.*x", "a?b?c?d?e?f?g?h?i?", "(?P<x", "x{3,}y*z+w*", "(" * 300 + ")"],
)
def test_what_cannot_be_compared_in_time_is_refused(text: str) -> None:
    assert isinstance(matcher(text), str)


def test_alternatives_are_counted_apart() -> None:
    text = "|".join(f"mcp__server{index}__.*" for index in range(20))
    assert made(text).matches("mcp__server19__x")


@given(st.text(max_size=60), st.text(max_size=300), st.booleans())
def test_total(text: str, subject: str, narrow: bool) -> None:
    one = matcher(text, narrow=narrow)
    assert isinstance(one, str) or one.matches(subject) in (True, False)


@given(st.text(alphabet="ab(|)*+?{2,}[]^$.\\", max_size=30))
def test_never_slow(text: str) -> None:
    """Without a bound of its own the comparison of one of these would not end within the test's."""
    one = matcher(text)
    assert isinstance(one, str) or one.matches("ab" * 200) in (True, False)
