"""The page of `explain`: its lines for decisions made by hand, and what every line keeps to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from coder.app.policy import Standing, standing
from coder.cli.policy_page import Explanation
from coder.cli.policy_text import visible, wrapped
from coder.config.flags import Flags
from coder.core.requests import Effect, Part, Reason
from coder.permissions.decide import Decision

EXAMPLES = 5_000 if os.environ.get("CODER_FUZZ") == "long" else 200
many = settings(max_examples=EXAMPLES, deadline=None)
NEEDED = Reason("default", "no rule allows cmake ..", "cmake ..")


@pytest.fixture
def here(tmp_path: Path) -> Standing:
    return standing(Flags(), {"HOME": str(tmp_path)}, tmp_path)


def page(decision: Decision, here: Standing) -> list[str]:
    then = Decision("allow", (), False)
    return list(Explanation(decision, then, here, here.policy.world.home).lines())


@pytest.mark.behaviour("B-680")
def test_a_line_of_commands_shows_which_part_is_the_reason(here: Standing) -> None:
    parts = (
        Part("cd build", 0, 8, False, (Reason("readonly", "cd build only reads", "cd build"),)),
        Part("cmake ..", 12, 20, True, (NEEDED,), ("Bash(cmake *)",)),
    )
    effects = (Effect("runs", "cmake .."), Effect("writes", str(here.config.cwd / "out"), here.config.cwd / "out"))
    lines = page(Decision("ask", (NEEDED,), False, ("Bash(cmake *)",), "", parts, effects), here)
    assert lines[:7] == [
        "asks: no rule allows cmake ..",
        "",
        "  1  allowed  cd build  only reads",
        "  2  asks     cmake ..  no rule allows it",
        "",
        "It would       run cmake ..",
        "               write out",
    ]
    assert "To allow       coder permissions add 'Bash(cmake *)'" in lines


def test_a_long_part_has_its_reason_below(here: Standing) -> None:
    command = "npm run build -- --watch=false --mode production"
    part = Part(command, 0, 48, True, (Reason("default", f"no rule allows {command}"),))
    lines = page(Decision("ask", part.reasons, False, parts=(part, part)), here)
    start = next(number for number, line in enumerate(lines) if line.startswith("  1  "))
    assert lines[start : start + 2] == [f"  1  asks     {command}", " " * 14 + "no rule allows it"]


def test_a_denied_part_says_denied_and_bypass_leaves_nothing_to_ask(here: Standing) -> None:
    reason = Reason("rule", "Bash(rm *) denies rm x", "Bash(rm *)")
    parts = (Part("ls", 0, 2, False), Part("rm x", 6, 10, False, (reason,)))
    assert "  2  denied   rm x  Bash(rm *) denies it" in page(Decision("deny", (reason,), False, parts=parts), here)
    free = Decision("allow", (Reason("mode", "bypassPermissions allows everything else"),), False)
    parts = (Part("ls", 0, 2, False), Part("cmake ..", 6, 14, True, (NEEDED,)))
    assert not any("asks" in line for line in page(replace(free, parts=parts), here)[:5])


def test_what_cannot_be_undone_names_the_word_to_type(here: Standing) -> None:
    reason = Reason("safety", "A forced push replaces history that others may have.", "git push -f")
    lines = page(Decision("ask", (reason,), False, confirm="push"), here)
    assert lines[0] == "asks: A forced push replaces history that others may have"
    assert "To allow       no rule can: only a yes, each time it comes up" in lines
    assert "To say yes     type the word push" in lines


def test_many_effects_are_counted(here: Standing) -> None:
    effects = tuple(Effect("deletes", f"f{number}") for number in (*range(9), 0))
    lines = page(Decision("ask", (NEEDED,), False, effects=effects), here)
    assert "It would       delete f0, f1, f2, f3, f4, f5 and 3 more" in lines


@pytest.mark.behaviour("B-682")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u00a0b", "a\\xa0b"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("a" + " " * 60 + "b", "a[60 spaces]b"),
        ("größe 漢字 '~'", "größe 漢字 '~'"),
    ],
)
def test_what_a_terminal_hides_or_obeys_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.behaviour("B-682")
@many
@given(st.text(max_size=400), st.sampled_from(["", "  1  asks     ", "Label          "]))
def test_no_line_is_wider_than_80_columns(text: str, first: str) -> None:
    assert all(cell_len(line) <= 80 for line in wrapped(visible(text), first, "  "))
