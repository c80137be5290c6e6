"""The list of skills that the model is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.commands.definition import Definition
from coder.commands.listing import budget, listing


def skill(name: str, description: str = "", when: str = "", model_may: bool = True) -> Definition:
    return Definition(name, Path("x"), "project", "skill", description, when, model_may=model_may)


def test_each_has_a_line_with_what_it_is_for() -> None:
    found = listing([skill("a", "does a", "on Mondays"), skill("b"), skill("c", "secret", model_may=False)], 1000, 100)
    assert (found.text, found.notice) == ("- a: does a - on Mondays\n- b", "")


def test_one_description_is_cut_and_some_are_named_only() -> None:
    found = listing([skill("a", "x" * 50), skill("b", "y")], 1000, 10, {"b": "name-only"})
    assert (found.text, found.notice) == ("- a: xxxxxxxxx…\n- b", "")


@pytest.mark.behaviour("B-1139")
def test_two_hundred_skills_stay_within_the_budget() -> None:
    skills = [skill(f"skill-{number:03}", "what it does " * 20) for number in range(200)]
    chars = budget(200_000, 0.01, {})
    assert chars == 8000
    found = listing(skills, chars, 1536)
    lines = found.text.split("\n")
    assert len(found.text) <= chars
    assert [line.split(":")[0] for line in lines] == [f"- skill-{number:03}" for number in range(200)]
    assert found.named == 200 - sum(":" in line for line in lines) > 0
    assert found.notice.startswith(f"of 200 skills and commands the model is told only the name of {found.named}: ")
    assert "8,000 characters" in found.notice and "skillOverrides" in found.notice
    short = listing(skills, 300, 1536)
    assert (len(short.text.split("\n")), short.left_out) == (25, 175)
    assert "nothing of 175" in short.notice
    assert listing(skills, 300, 1536) == short
    assert listing(skills, 0, 1536).text == ""


def test_the_environment_sets_the_budget() -> None:
    assert budget(200_000, 0.01, {"SLASH_COMMAND_TOOL_CHAR_BUDGET": "123"}) == 123
    assert budget(200_000, 0.02, {"SLASH_COMMAND_TOOL_CHAR_BUDGET": "many"}) == 16_000


@pytest.mark.behaviour("B-1139")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab", min_size=1, max_size=9), st.text("xyz ", max_size=60)), max_size=30),
    st.integers(0, 600),
    st.integers(0, 40),
)
def test_the_budget_always_holds(skills: list[tuple[str, str]], chars: int, each: int) -> None:
    found = listing([skill(name, said) for name, said in skills], chars, each)
    lines = found.text.split("\n") if found.text else []
    assert len(found.text) <= chars
    assert len(lines) + found.left_out == len(skills)
    assert [line[2:].split(":")[0] for line in lines] == [name for name, _ in skills][: len(lines)]
    assert bool(found.notice) == bool(found.named or found.left_out)
