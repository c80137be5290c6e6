"""The live rows with subagents and workflows: what runs is told once, what matters most stays where rows are few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coder.core.agents import AgentRow
from coder.core.events import StepChanged
from coder.frontends.repl.board import Board, Call
from coder.frontends.repl.live import Look, live_rows
from coder.frontends.styled import plain
from tests.support.crew import BUSY, agent_row

CREW = [replace(BUSY, id=f"a{n}", call=f"toolu_a{n}", title=f"Part {n}") for n in range(5)]
LOOK = Look(80, 24, is_still=True)


def board(*calls: Call, phase: str = "running") -> Board:
    made = Board(lambda: 9.0, phase=phase)  # type: ignore[arg-type]  # one of its phases
    made.calls = {each.id: each for each in calls}
    return made


def call_of(agent: AgentRow) -> Call:
    return Call(agent.call, "Agent", f"Agent {agent.title}", 0.0)


def shown(made: Board, agents: list[AgentRow], look: Look = LOOK) -> list[str]:
    return [plain(each) for each in live_rows(made, [], look, agents)]


@pytest.mark.behaviour("B-1960")
def test_a_call_that_an_agent_tells_of_has_no_row_of_its_own() -> None:
    rows = shown(board(*map(call_of, CREW)), CREW)
    assert len(rows) == 6 and [each.split('"')[1] for each in rows[:5]] == [f"Part {n}" for n in range(5)]
    assert rows[5] == "▸ Running 5 agents · 9s · ctrl+o shows what they were told"
    one = shown(board(call_of(BUSY)), [BUSY])
    assert one[-1] == "▸ Running 1 agent · 9s · ctrl+o shows what it was told"


def test_other_calls_beside_agents_are_told_as_ever() -> None:
    bash = Call("t1", "Bash", "Bash npm test", 3.0)
    rows = shown(board(call_of(BUSY), bash), [BUSY])
    assert [each[:24] for each in rows] == ["▸ Bash npm test", '▸ Agent "Find usages" · ', "▸ Running npm test · 6s"]
    ended = replace(BUSY, state="completed")
    assert shown(board(call_of(BUSY)), [ended])[-1].startswith("▸ Running Agent Find usages") is False


@pytest.mark.behaviour("B-1962")
def test_where_rows_are_few_the_state_and_the_queue_stay() -> None:
    made = board(*map(call_of, CREW))
    made.queued = ["also this"]
    made.todos = ({"content": "Look", "status": "in_progress"},)
    small = shown(made, [*CREW, agent_row("q", state="queued")], Look(80, 12, is_still=True))
    assert len(small) == 4 and small[-1].startswith("↳ next step: also this")
    assert small[-2].startswith("▸ Running 5 agents") and small[1] == "  … 4 more at work, 1 waits for a place"
    for height in range(3, 40):
        assert len(shown(made, CREW, Look(80, height, is_still=True))) <= max(height // 3, 1)


@pytest.mark.behaviour("B-1960")
def test_agents_in_the_background_have_rows_while_no_run_is_on() -> None:
    assert shown(board(phase="idle"), [replace(BUSY, background=True)]) == [
        '▸ Agent "Find usages" · 3 tool calls · 12.4k tokens · 9s · reading src/cart.py'
    ]
    assert shown(board(phase="idle"), [replace(BUSY, state="stopped")]) == []


@pytest.mark.behaviour("B-1974")
def test_a_step_of_a_workflow_has_a_row_while_it_runs() -> None:
    made = board(phase="waiting")
    step = StepChanged(workflow="fix-issue", step="review", state="started", text="2 of 5")
    made.steps[step.workflow, step.step] = step
    asked_by_none = [replace(BUSY, call=""), replace(BUSY, id="a2", call="")]
    rows = shown(made, asked_by_none)
    assert rows[0] == "▸ /fix-issue · step review (2 of 5)" and rows[1].startswith('▸ Agent "Find usages"')
    assert rows[-1].startswith("▸ Running 2 agents · ")
    beside = [replace(each, background=True) for each in asked_by_none]
    assert shown(made, beside)[-1].startswith("▸ Waiting for the model · ")
