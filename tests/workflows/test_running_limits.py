"""What ends a run before its end: agents, money, time, a person, and steps that lead in a circle."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coder.core.agents import Brief
from coder.core.errors import ToolError
from coder.workflows.journal import Journal
from coder.workflows.running.outcome import Outcome
from coder.workflows.running.run import Run
from tests.support.running import Bench, workflow
from tests.support.scripted_agents import Said, failed

FAN = """---
budget: {BUDGET}
---
## work
Do {{n}}.
```step
each: {items: [one, two, three, four], as: n}
```
## sum-up
Sum up {{work}}.
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.behaviour("B-2047")
@pytest.mark.parametrize(
    ("budget", "asked", "why"),
    [
        ("{agents: 3}", 3, "it may ask 3 agents (budget.agents), and all have been asked"),
        ("{agents: 20, usd: 0.02}", 2, "it may spend $0.02 (budget.usd), and has spent $0.02"),
    ],
)
def test_at_a_limit_it_stops_hard_with_what_there_is(bench: Bench, budget: str, asked: int, why: str) -> None:
    bench.fresh(lambda brief: f"did {brief.prompt}")
    ended = bench.run(workflow(FAN.replace("{BUDGET}", budget)))
    assert (ended.state, ended.where, ended.why, ended.agents) == ("budget", "work", why, asked)
    assert ended.text.startswith("- did Do one.\n- did Do two.") and "FAILED four: it was not begun" in ended.text


@pytest.mark.behaviour("B-2047")
def test_limits_hold_over_all_processes_of_a_run(bench: Bench) -> None:
    flow = workflow(FAN.replace("{BUDGET}", "{agents: 3}"))
    bench.fresh(lambda brief: "x")
    bench.run(flow)
    bench.fresh(lambda brief: "x")
    ended = bench.run(flow)
    assert (ended.state, len(bench.agents.asked), ended.agents, ended.kept) == ("budget", 0, 3, 3)


@pytest.mark.parametrize("kind", ["refused", "failed"])
def test_money_that_the_session_has_not_ends_it_like_its_own(bench: Bench, kind: str) -> None:
    why = "Budget limit reached: $1.00 of $1.00."
    bench.fresh(lambda brief: ToolError(why) if kind == "refused" else failed(why))
    ended = bench.run(workflow(FAN.replace("{BUDGET}", "{agents: 9}")))
    assert (ended.state, ended.why, len(bench.agents.asked)) == ("budget", why, 1)


@pytest.mark.behaviour("B-2047")
def test_time_that_is_over_stops_those_at_work(bench: Bench) -> None:
    async def script(brief: Brief) -> Said:
        if "three" in brief.prompt:
            await asyncio.Event().wait()
        return "x"

    bench.fresh(script)
    ended = bench.run(workflow(FAN.replace("{BUDGET}", "{minutes: 0.02, agents: 9}")))
    assert (ended.state, ended.where, bench.agents.at_work) == ("budget", "work", 0)
    assert "it may take 0.02 minutes" in ended.why and ended.text.startswith("- x\n- x\n- FAILED three")


APPROVED = "## plan\nPlan.\n## publish\nPublish {{plan}}.\n```step\napprove: Publish {{plan}}?\n```\n"


@pytest.mark.behaviour("B-2048")
@pytest.mark.parametrize(
    ("said", "state", "why"),
    [
        (True, "done", ""),
        (False, "stopped", "the answer was no: Publish it all?"),
        (None, "waiting", "nobody is there to answer: Publish it all?"),
    ],
)
def test_a_step_that_wants_a_yes_waits_for_it(bench: Bench, said: bool | None, state: str, why: str) -> None:
    hands = bench.fresh(lambda brief: "it all")
    hands.approval = said
    ended = bench.run(workflow(APPROVED))
    assert (ended.state, ended.why, len(bench.agents.asked)) == (state, why, 2 if said else 1)
    assert ("publish", "waiting", "") in hands.changes
    hands = bench.fresh(lambda brief: "it all")
    hands.approval = True
    assert bench.run(workflow(APPROVED)).state == "done"
    assert len(hands.questions) == (0 if said else 1), "who has said yes is not asked again"


def test_steps_that_lead_in_a_circle_without_an_agent_end(bench: Bench) -> None:
    bench.fresh(lambda brief: {"n": "a"})
    text = "## a\n```step\nwhen: args.x == y\nnext: b\n```\nA.\n## b\n```step\nwhen: args.x == y\nnext: a\n```\nB.\n"
    ended = bench.run(workflow(text))
    assert ended.state == "failed" and "2,000 times without an end" in ended.why


@pytest.mark.behaviour("B-2049")
def test_stopped_by_the_person_it_goes_on_where_it_was(bench: Bench) -> None:
    flow = workflow(FAN.replace("{BUDGET}", "{agents: 9}"))
    reached = asyncio.Event()

    async def script(brief: Brief) -> Said:
        if "three" in brief.prompt:
            reached.set()
            await asyncio.Event().wait()
        return "x"

    async def go() -> Outcome:
        journal = Journal.open(bench.path)
        run = Run(flow, {}, bench.hands, journal)
        task = asyncio.create_task(run.go())
        await reached.wait()
        task.cancel()
        await asyncio.wait({task})
        ended = await run.stopped()
        journal.close()
        return ended

    bench.fresh(script)
    ended = asyncio.run(go())
    assert (ended.state, ended.where) == ("stopped", "work") and ended.text.startswith("- x\n- x\n- FAILED")
    bench.fresh(lambda brief: "y")
    ended = bench.run(flow)
    assert ended.state == "done" and ended.kept == 2
    assert bench.agents.prompts[:2] == ["Do three.", "Do four."] and len(bench.agents.asked) == 3
