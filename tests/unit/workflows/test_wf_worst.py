"""The worst case holds: no way through a workflow begins more agents than it says."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.workflows.flow import edges_of, flow_of
from coder.workflows.known import Known
from coder.workflows.told import worst_line
from coder.workflows.types import Choice, Field, Shape
from coder.workflows.workflow import END, NEXT, STOP, Each, Limits, OnFail, Step, Until, Vote, Workflow
from coder.workflows.worst import worst_of
from tests.unit.workflows.written import FIX_ISSUE, workflow

_KIND = Shape((Field("k", Choice(("x", "y"))),))


@st.composite
def workflows(draw: st.DrawFn, name: str = "w", use: str = "") -> Workflow:
    count = draw(st.integers(1, 5))
    names = [f"s{number}" for number in range(count)]
    later = [st.sampled_from([*names[number + 1 :], END, STOP]) for number in range(count)]
    steps = []
    for number, each in enumerate(names):
        with_route = draw(st.booleans())
        until = Until(
            "x",
            draw(st.sampled_from(names[: number + 1])),
            draw(st.integers(1, 3)),
            draw(later[number] | st.just(NEXT)),
        )
        items = draw(st.integers(1, 3))
        step = Step(
            name=each,
            prompt="x",
            out=_KIND,
            route={"x": draw(later[number]), "y": draw(later[number])} if with_route else {},
            route_on="k" if with_route else "",
            next=draw(st.just("") | later[number].filter(lambda to: to != STOP)),
            on_fail=OnFail(draw(st.integers(0, 2)), draw(later[number] | st.just(NEXT))),
            each=draw(st.none() | st.just(Each("i", items=(1,) * items, most=items))),
            parallel=draw(st.integers(1, 3)),
            vote=draw(st.none() | st.just(Vote(2))),
            until=draw(st.none() | st.just(until)),
            only_if=draw(st.sampled_from(["", "a"])),
        )
        if use and draw(st.booleans()):
            step = replace(step, use=use, vote=None, out=None, route={}, route_on="")
        steps.append(step)
    return Workflow(name, Path(f"{name}.md"), "project", "", limits=Limits(10_000), steps=tuple(steps))


def walk(flow: Workflow, others: dict[str, Workflow], chance: random.Random) -> tuple[int, int]:
    """A run in which all outcomes are by chance, by the order of docs/workflow_files.md: how many agents were begun,
    and how many at once."""
    names = [step.name for step in flow.steps]
    rounds: dict[str, int] = {}
    total, most = 0, 0
    at = names[0]
    while at not in {END, STOP}:
        step = flow.steps[names.index(at)]
        below = step.next or (names[names.index(at) + 1] if names.index(at) + 1 < len(names) else END)
        if step.only_if and chance.random() < 0.3:
            at = below
            continue
        missing, failed = len(step.each.items) if step.each is not None else 1, False
        for _ in range(1 + step.on_fail.retry):
            runs = [walk(others[step.use], others, chance) if step.use else (1, 1) for _ in range(missing)]
            votes = step.vote.n if step.vote is not None else 1
            total += sum(begun for begun, _ in runs) * votes
            most = max(
                most, sum(sorted((once for _, once in runs), reverse=True)[: step.parallel if step.each else 1]) * votes
            )
            failed = chance.random() < 0.5
            if not failed:
                break
            missing = chance.randint(1, missing)
        if failed:
            at = below if step.on_fail.then == NEXT else step.on_fail.then
            continue
        at = step.route[chance.choice("xy")] if step.route else below
        if step.until is not None and chance.random() < 0.7:
            if rounds.get(step.name, 0) < step.until.most:
                rounds[step.name] = rounds.get(step.name, 0) + 1
                at = step.until.goto
                continue
            at = at if step.until.then == NEXT else step.until.then
        rounds.pop(step.name, None)
    return total, most


@pytest.mark.behaviour("B-2018")
@settings(max_examples=40)
@given(st.data())
def test_no_way_through_a_workflow_begins_more_agents_than_its_worst_case(data: st.DataObject) -> None:
    inner = data.draw(workflows("inner"))
    outer = data.draw(workflows("outer", "inner"))
    others = {"inner": inner}
    worst = worst_of(outer, Known(None, others))
    assert worst is not None
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(8):
        begun, at_once = walk(outer, others, chance)
        assert begun <= worst.asked and at_once <= worst.at_once


def test_simple_ways_are_reckoned_exactly() -> None:
    found = worst_of(workflow(FIX_ISSUE, "fix-issue"))
    assert found is not None
    # triage, plan, 20 tasks, fix and 3 votes, and four more rounds of fix and 3 votes
    assert (found.asked, found.agents, found.at_once, found.usd) == (1 + 1 + 20 + 4 + 4 * 4, 42, 4, 3.0)
    text = workflow(FIX_ISSUE, "fix-issue")
    assert worst_line(found, text) == "at most 42 agents, 4 at once, $3, 40 minutes"


def test_loops_in_loops_are_reckoned_exactly() -> None:
    """The inner one goes back twice in each of four rounds of the outer one."""
    loop = "```step\nuntil: {{when: {0}, goto: a, max: {1}}}\n```\n"
    found = worst_of(workflow(f"## a\nx\n## b\nx\n{loop.format('b', 2)}## c\nx\n{loop.format('c', 3)}## d\nx\n"))
    assert found is not None and found.asked == 4 * (2 * 2 + 2) + 4 + 1


def test_without_a_budget_there_is_no_limit_in_dollars_and_with_one_it_stops_the_run() -> None:
    one = workflow(
        "## a\nx\n```step\neach: {items: [1, 2, 3], as: i}\non_fail: {retry: 9}\n```\n"
        "## b\nx\n```step\neach: {of: a, as: i}\n```\n"
    )
    found = worst_of(one)
    assert (
        found is not None
        and worst_line(found, one) == "at most 33 agents, 1 at once, no limit in dollars: set budget.usd"
    )
    small = worst_of(replace(one, limits=Limits(10, 1.5, 5)))
    assert small is not None
    assert worst_line(small, replace(one, limits=Limits(10, 1.5, 5))) == (
        "at most 10 agents (its steps may ask for 33), 1 at once, $1.5, 5 minutes"
    )


def test_what_has_no_bound_has_no_worst_case() -> None:
    assert worst_of(workflow("## a\nx\n## b\nx\n```step\nnext: a\n```\n")) is None
    assert worst_of(workflow("## a\n```step\nuse: w\n```\n", "w")) is None
    assert worst_of(workflow("## a\n```step\nuse: gone\n```\n", "w")) is None


@settings(max_examples=30)
@given(workflows())
def test_every_way_is_an_edge_and_the_order_has_every_step(found: Workflow) -> None:
    flow = flow_of(found)
    assert sorted(flow.order) == sorted(flow.names) and not flow.cycle
    place = {name: number for number, name in enumerate(flow.order)}
    for step in found.steps:
        for edge in edges_of(found, step):
            if edge.kind != "loop" and edge.target in place:
                assert place[edge.source] < place[edge.target]
