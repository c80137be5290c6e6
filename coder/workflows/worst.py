"""The worst case of a run: how many agents it may begin, how many at once, how many dollars. Pure.

A run is walks forward, each begun by the start or by an `until` that goes back, and ended by one or by the end. An
`until` goes back at most `max` times before it is left, and it can come again only when a later one went back. So the
number of walks is bounded, and each costs at most the dearest way from where it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from coder.core.dataclass import dataclass
from coder.workflows.flow import Flow, flow_of, result_of
from coder.workflows.known import NESTING, Known
from coder.workflows.types import Many, Type, inside
from coder.workflows.workflow import Step, Workflow

_NOWHERE = -1


class _Cost(NamedTuple):
    """`height`: how deep the workflows are that this one uses."""

    asked: int
    at_once: int
    height: int


@dataclass(frozen=True, slots=True)
class Worst:
    """`asked` is what the steps may ask for, `agents` what the budget lets begin. `usd` None: no limit."""

    asked: int
    agents: int
    at_once: int
    usd: float | None = None


def worst_of(workflow: Workflow, known: Known | None = None) -> Worst | None:
    """None where there is no bound: steps lead round without an `until`, or workflows use one another in a circle."""
    found = _worst(workflow, known or Known(), {})
    if found is None:
        return None
    asked, at_once, _ = found
    most = workflow.limits.agents
    return Worst(asked, min(asked, most), min(at_once, most), workflow.limits.usd)


def items_of(workflow: Workflow, step: Step) -> int:
    """How often a visit runs a step at most: once, or for each of its items."""
    if step.each is None:
        return 1
    if step.each.items:
        return min(len(step.each.items), step.each.most)
    first, *rest = step.each.of.split(".")
    source = workflow.step(first)
    of: Type | None = result_of(source) if source is not None else None
    for name in rest:
        of = inside(of, name) if of is not None else None
    return min(of.most, step.each.most) if isinstance(of, Many) else step.each.most


def _worst(workflow: Workflow, known: Known, seen: dict[str, _Cost | None]) -> _Cost | None:
    """`seen` are workflows that others use, so that each is reckoned once; None: without a bound, or not done yet."""
    if workflow.name in seen:
        return seen[workflow.name]
    seen[workflow.name] = None
    flow = flow_of(workflow)
    if flow.cycle or not workflow.steps:
        return None
    costs: dict[str, int] = {}
    at_once, height = 1, 0
    for step in workflow.steps:
        one = _Cost(1, 1, -1)
        if step.use:
            inner = known.workflow(step.use)
            nested = _worst(inner, known, seen) if inner is not None else None
            if nested is None:
                return None
            one = nested
        votes = step.vote.n if step.vote is not None else 1
        items = items_of(workflow, step)
        costs[step.name] = one.asked * votes * items * (1 + step.on_fail.retry)
        height = max(height, one.height + 1)
        if step.name in flow.reached:
            at_once = max(at_once, one.at_once * votes * min(items, step.parallel))
    if height > NESTING:
        return None
    found = _Cost(_total(workflow, flow, costs), at_once, height)
    seen[workflow.name] = found
    return found


def _total(workflow: Workflow, flow: Flow, costs: Mapping[str, int]) -> int:
    loops = {step.name: step.until for step in workflow.steps if step.until is not None and step.name in flow.reached}
    loops = {name: until for name, until in loops.items() if until.goto in costs}
    to_end, to_loop = _ways(flow, costs, frozenset(loops))
    backs: dict[str, int] = {}
    for name in reversed(flow.order):
        if name in loops:
            later = flow.from_here(name, loops=False)
            backs[name] = loops[name].most * (1 + sum(times for other, times in backs.items() if other in later))
    start = flow.names[0]
    begins = {start} | {loops[name].goto for name in backs}
    # All walks but the last end where an `until` goes back; the last one goes on to the end. What they cost is counted
    # by where they begin and by where they end: neither can be less than it is, so the smaller one holds.
    by_begin = max(to_loop[start], 0) + sum(times * max(to_loop[loops[name].goto], 0) for name, times in backs.items())
    by_begin += max(to_end[name] - max(to_loop[name], 0) for name in begins)
    arrive = _arrivals(flow, costs, begins)
    by_end = sum(times * arrive[name] for name, times in backs.items()) + max(to_end[name] for name in begins)
    return min(by_begin, by_end)


def _arrivals(flow: Flow, costs: Mapping[str, int], begins: set[str]) -> dict[str, int]:
    """The dearest way to each step from where a walk may begin, the step included."""
    found: dict[str, int] = {}
    for name in flow.order:
        if name in begins:
            found.setdefault(name, 0)
        if name in found:
            found[name] += costs[name]
            for step in flow.ahead(name):
                found[step] = max(found.get(step, 0), found[name])
    return found


def _ways(flow: Flow, costs: Mapping[str, int], loops: frozenset[str]) -> tuple[dict[str, int], dict[str, int]]:
    """From each step the dearest way to the end, and to an `until`; the latter below 0 where none lies ahead."""
    to_end: dict[str, int] = {}
    to_loop: dict[str, int] = {}
    for name in reversed(flow.order):
        ahead = flow.ahead(name)
        to_end[name] = costs[name] + max((to_end[step] for step in ahead), default=0)
        further = max((to_loop[step] for step in ahead), default=_NOWHERE)
        to_loop[name] = costs[name] + max(further, 0) if further >= 0 or name in loops else _NOWHERE
    return to_end, to_loop
