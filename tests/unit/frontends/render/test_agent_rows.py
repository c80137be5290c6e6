"""Subagents and steps of workflows as rows: the shapes of the design, at any width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.agents import AgentEnd, AgentRow
from coder.core.events import StepChanged
from coder.frontends.render.agents import background_row, ended_rows, live_row, live_rows, outcome, step_row
from coder.frontends.styled import plain, width_of
from tests.support.crew import BUSY, agent_row, over

WAITS = replace(BUSY, title="Check the docs", state="waiting", doing="waiting for you: allow curl docs.example.com?")
DONE = replace(BUSY, title="List routes", tool_uses=5, tokens=8_100, usd=0.02, seconds=14.2)


def ended(
    row: AgentRow, text: str = "17 routes", state: AgentEnd = "completed", width: int = 80, **more: Any
) -> list[str]:
    event = over(row, text, state, **more)
    return [plain(each) for each in ended_rows(event.row, event.report, width)]


@pytest.mark.behaviour("B-1960")
def test_one_that_runs_says_what_it_is_at_and_what_it_used() -> None:
    assert plain(live_row(BUSY, 80)) == '▸ Agent "Find usages" · 3 tool calls · 12.4k tokens · 9s · reading src/cart.py'
    assert plain(live_row(BUSY, 120)) == (
        '▸ Agent "Find usages" · haiku-4-5 · step 4 · 3 tool calls · 12.4k tokens · $0.03 · 9s · reading src/cart.py'
    )
    assert plain(live_row(BUSY, 40)) == '▸ Agent "Find usages" · reading src/car…'
    assert plain(live_row(replace(BUSY, usd=None), 120)).count("cost unknown") == 1
    new = agent_row(doing="waiting for the model")
    assert plain(live_row(new, 80)) == '▸ Agent "Find usages" · haiku-4-5 · 0s · waiting for the model'


@pytest.mark.behaviour("B-1963")
def test_one_that_waits_says_for_what_and_one_that_is_stuck_says_so() -> None:
    assert plain(live_row(WAITS, 80)) == ('▸ Agent "Check the docs" · waiting for you: allow curl docs.example.com?')
    pen = replace(WAITS, doing='waits for Agent "Fix tests", which is changing files')
    assert plain(live_row(pen, 80)) == f'▸ Agent "Check the docs" · {pen.doing}'
    stuck = plain(live_row(replace(BUSY, is_stuck=True), 80))
    assert stuck.startswith('! Agent "Find usages" · ') and "nothing for a minute" in stuck


@pytest.mark.behaviour("B-1961")
def test_one_that_has_ended_leaves_a_row_with_what_came_of_it() -> None:
    assert ended(DONE) == ['✓ Agent "List routes" · 5 tool calls · 8.1k tokens · $0.02 · 14s · 17 routes']
    short = replace(DONE, usd=0.0, model="")
    assert ended(short) == ['✓ Agent "List routes" · 5 tool calls · 8.1k tokens · 14s · 17 routes']
    assert " · haiku-4-5 · 5 tool calls · 8.1k tokens · $0.02 · 14s · 17 routes" in ended(DONE, width=120)[0]
    assert ended(DONE, "", "stopped")[0].startswith('✗ Agent "List routes" · ')
    assert ended(DONE, "", "stopped")[0].endswith(" · stopped")
    failed = ended(DONE, "", "failed", error="The model stayed overloaded.")
    assert failed[0].endswith(" · failed") and failed[1:] == ["  The model stayed overloaded."]
    again = ended(DONE, resumed=True)
    assert again == ['✓ Agent "List routes" · had ended before, not asked again: 17 routes']
    kept = ended(DONE, artifact=Path("/s/artifacts/a1.md"), branch="coder/agent-a1")
    assert kept[1:] == [
        "  The whole report: /s/artifacts/a1.md",
        "  What it changed is on the branch coder/agent-a1, not merged.",
    ]
    assert plain(background_row(BUSY, 80)) == '▸ Agent "Find usages" · runs in the background · /tasks shows it'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n## Result\n\nmore", "Result"),
        ("- **17** routes in `app.py`", "17 routes in app.py"),
        ("---\n\nDone", "Done"),
        ("", ""),
        ("\x1b[31mred", "\\x1b[31mred"),
    ],
)
def test_what_came_of_it_is_the_first_line_that_says_something(text: str, said: str) -> None:
    assert outcome(text) == said


@pytest.mark.behaviour("B-1962")
def test_those_that_wait_for_a_place_are_one_row_and_the_most_recent_are_shown() -> None:
    crew = [agent_row(f"a{n}", f"Part {n}") for n in range(5)]
    crew += [agent_row(f"q{n}", f"Later {n}", state="queued") for n in range(3)]
    rows = [plain(each) for each in live_rows(crew, 80, 8)]
    assert len(rows) == 6 and rows[-1] == "  3 more wait for a place"
    few = [plain(each) for each in live_rows(crew, 80, 4)]
    assert [each.split('"')[1] for each in few[:3]] == ["Part 2", "Part 3", "Part 4"]
    assert few[3] == "  … 2 more at work, 3 wait for a place"
    asks = [replace(crew[0], state="waiting", doing="waiting for you: allow x?"), *crew[1:5]]
    assert [plain(each) for each in live_rows(asks, 80, 2)] == [
        '▸ Agent "Part 0" · waiting for you: allow x?',
        "  … 4 more at work",
    ]
    assert live_rows([replace(BUSY, state="completed")], 80, 8) == []


def test_a_child_stands_below_its_parent() -> None:
    rows = [plain(each) for each in live_rows([BUSY, agent_row("a2", "Look closer", parent="a1")], 80, 8)]
    assert rows[0].startswith("▸ Agent") and rows[1].startswith('  ▸ Agent "Look closer"')


WORDS = st.text(st.sampled_from('ab /日🙂\x1b\u202e\n"'), max_size=60)
ROWS = st.builds(
    agent_row,
    st.sampled_from(["a1", "a2", "a3", "a4"]),
    WORDS,
    kind=WORDS,
    model=WORDS,
    state=st.sampled_from(["queued", "running", "waiting", "completed", "failed", "stopped"]),
    parent=st.sampled_from(["main", "a1", "a2"]),
    doing=WORDS,
    step=st.integers(0, 999),
    tool_uses=st.integers(0, 10**6),
    tokens=st.integers(0, 10**8),
    usd=st.none() | st.floats(0, 10**4),
    seconds=st.floats(0, 10**5),
    is_stuck=st.booleans(),
)


@given(st.lists(ROWS, max_size=9), st.integers(10, 130), st.integers(-1, 12))
def test_rows_fit_whatever_is_in_them(crew: list[AgentRow], width: int, most: int) -> None:
    rows = live_rows(crew, width, most)
    assert len(rows) <= max(most, 0)
    for agent in crew:
        rows += ended_rows(agent, over(agent, "x " * 50, branch="b" * 90).report, width)
    for each in rows:
        assert width_of(each) <= width
        assert not set("\x1b\u202e\n") & set(plain(each))


@pytest.mark.behaviour("B-1974")
@pytest.mark.parametrize(
    ("state", "row"),
    [
        ("done", "✓ /fix-issue · step review · 2 of 5"),
        ("failed", "✗ /fix-issue · step review · 2 of 5"),
        ("kept", "✓ /fix-issue · step review · 2 of 5 · done before, kept"),
        ("skipped", "✓ /fix-issue · step review · 2 of 5 · skipped"),
    ],
)
def test_a_step_of_a_workflow(state: str, row: str) -> None:
    event = StepChanged(workflow="fix-issue", step="review", state=state, text="2 of 5")  # type: ignore[arg-type]  # each
    assert [plain(each) for each in step_row(event, 80)] == [row]
