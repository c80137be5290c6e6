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
from coder.config.flags import Flags
from coder.core.requests import Effect, Part, Reason
from coder.frontends.policy.judged import Judged
from coder.frontends.policy.page import Explanation
from coder.frontends.policy.text import visible, wrapped
from coder.permissions.decide import Decision

EXAMPLES = 5_000 if os.environ.get("CODER_FUZZ") == "long" else 200
many = settings(max_examples=EXAMPLES, deadline=None)
ALLOWED = Decision("allow", (), False)
NEEDED = Reason("default", "no rule allows `cmake ..`", "cmake ..")


@pytest.fixture
def here(tmp_path: Path) -> Standing:
    return standing(Flags(), {"HOME": str(tmp_path)}, tmp_path)


def page(decision: Decision, here: Standing, otherwise: Decision = ALLOWED) -> list[str]:
    """The page, where any other policy comes to the decision `otherwise`."""
    return list(Explanation(Judged(decision, here, here.policy.world.home, lambda policy: otherwise)).lines())


@pytest.mark.behaviour("B-680")
def test_a_line_of_commands_shows_which_part_is_the_reason(here: Standing) -> None:
    parts = (
        Part("cd build", 0, 8, False, (Reason("readonly", "`cd build` only reads", "cd build"),)),
        Part("cmake ..", 12, 20, True, (NEEDED,), ("Bash(cmake *)",)),
    )
    effects = (Effect("runs", "cmake .."), Effect("writes", str(here.config.cwd / "out"), here.config.cwd / "out"))
    lines = page(Decision("ask", (NEEDED,), False, ("Bash(cmake *)",), "", parts, effects), here)
    assert lines[:7] == [
        "asks: 1 of 2 parts needs a yes",
        "",
        "  1  allowed  cd build  only reads",
        "  2  asks     cmake ..  no rule allows it",
        "",
        "It would        run `cmake ..`",
        "                write out",
    ]
    assert "To allow        coder permissions add 'Bash(cmake *)'" in lines


def test_a_long_part_has_its_reason_below(here: Standing) -> None:
    command = "npm run build -- --watch=false --mode production"
    part = Part(command, 0, 48, True, (Reason("default", f"no rule allows `{command}`"),))
    lines = page(Decision("ask", part.reasons, False, parts=(part, part)), here)
    start = next(number for number, line in enumerate(lines) if line.startswith("  1  "))
    assert lines[start : start + 2] == [f"  1  asks     {command}", " " * 14 + "no rule allows it"]


def test_a_denied_part_says_denied_and_bypass_leaves_nothing_to_ask(here: Standing) -> None:
    reason = Reason("rule", "a rule denies `rm x`: Bash(rm *)", "Bash(rm *)")
    parts = (
        Part("make", 0, 4, True, (Reason("default", "no rule allows `make`"),)),
        Part("rm x", 8, 12, True, (reason,)),
    )
    lines = page(Decision("deny", (reason,), False, parts=parts), here)
    assert lines[0] == "denied: because of part 2"
    assert lines[2:4] == ["  1  asks     make  no rule allows it", "  2  denied   rm x  a rule denies it: Bash(rm *)"]
    free = Decision("allow", (Reason("mode", "bypassPermissions allows everything else"),), False)
    parts = (Part("ls", 0, 2, False), Part("cmake ..", 6, 14, True, (NEEDED,)))
    assert not any("asks" in line for line in page(replace(free, parts=parts), here)[:5])


def test_what_cannot_be_undone_names_the_word_to_type(here: Standing) -> None:
    reason = Reason("safety", "A forced push replaces history that others may have.", "git push -f")
    lines = page(Decision("ask", (reason,), False, confirm="push"), here)
    assert lines[0] == "asks: A forced push replaces history that others may have"
    assert "To allow        no rule can: coder asks each time" in lines
    assert "When asked      type push to say yes" in lines


@pytest.mark.behaviour("B-683")
def test_rules_that_would_not_be_enough_are_not_offered(here: Standing) -> None:
    asks = Decision("ask", (NEEDED,), False, ("Bash(cmake *)",))
    assert "To allow        coder offers no rule for this: it asks each time" in page(asks, here, asks)
    flags = replace(asks, remedy='--allowedTools "Bash(cmake *)" --permission-mode acceptEdits')
    lines = page(flags, here, asks)
    assert not any("permissions add" in line for line in lines)
    assert lines[lines.index("To allow") + 1] == f"  coder {flags.remedy}"
    both = page(replace(asks, suggestions=("Bash(cmake *)", "Bash(a b)", "Read(//x)")), here)
    assert both[both.index("To allow, all of:") + 1 :][:7] == [
        "                coder permissions add 'Bash(cmake *)'",
        "                allows `cmake` with any words after it",
        "                coder permissions add 'Bash(a b)'",
        "                allows exactly this command",
        "                coder permissions add 'Read(//x)'",
        "                allows reading that path; // is the top of the disk",
        "                saved in .coder/settings.local.json, for you, in this folder",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("ls \u202etmp", "U+202E (changes the direction of text)"), ("a\u200bb", "U+200B (cannot be seen)"),
     ("a\x1bb", "U+001B (a control character)"), ("a\u00a0b", "U+00A0 (looks like a blank)")],
)  # fmt: skip
def test_hidden_characters_are_told_by_name(here: Standing, text: str, said: str) -> None:
    judged = Judged(Decision("ask", (NEEDED,), False), here, here.policy.world.home, lambda policy: judged.decision)
    assert f"Hidden character {said}" in Explanation(judged, text).lines()
    assert not any(line.startswith("Hidden") for line in Explanation(judged, "ls\n\tx é 漢").lines())


def test_many_effects_are_counted(here: Standing) -> None:
    effects = tuple(Effect("deletes", f"f{number}") for number in (*range(9), 0))
    lines = page(Decision("ask", (NEEDED,), False, effects=effects), here)
    assert "It would        delete f0, f1, f2, f3, f4, f5 and 3 more" in lines


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
