"""Where each step of a workflow may lead, and what follows from that: order, loops, what can have run before. Pure.

Must not know what a step does. docs/workflow_files.md has the order of things within a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from coder.core.dataclass import dataclass
from coder.workflows.types import ANY, TEXT, Field, Many, Shape, Type, options
from coder.workflows.workflow import END, NEXT, Step, Workflow

Kind: TypeAlias = Literal["next", "route", "skip", "fail", "loop", "exhausted"]


class Edge(NamedTuple):
    """`label` is the word of a route. `key` is where the file says it, "" for what it does not say."""

    source: str
    target: str
    kind: Kind
    label: str = ""
    key: str = ""


def spelled(value: str | int | bool) -> str:
    """A value as a route has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def open_values(step: Step) -> tuple[str, ...]:
    """The values of the field a step is routed by that no route names."""
    on = step.out.field(step.route_on) if step.out is not None else None
    if on is None or not step.route:
        return ()
    return tuple(word for word in map(spelled, options(on.of)) if word not in step.route)


def result_of(step: Step) -> Type:
    """What a step comes to."""
    one: Type = ANY if step.use else step.out or TEXT
    if step.vote is not None and isinstance(one, Shape):
        one = Shape((*one.fields, Field("votes", ANY)))  # how often each was voted for
    return Many(one, 0, step.each.most) if step.each is not None else one


def below(workflow: Workflow, step: Step) -> str:
    """Where a step leads by itself: the one below, or the end."""
    if step.next:
        return step.next
    at = workflow.steps.index(step) + 1
    return workflow.steps[at].name if at < len(workflow.steps) else END


def edges_of(workflow: Workflow, step: Step) -> Iterator[Edge]:
    name, after = step.name, below(workflow, step)
    key = "next" if step.next else ""
    if step.route:
        for word, target in step.route.items():
            yield Edge(name, target, "route", word, "route")
        if "else" not in step.route and open_values(step):
            yield Edge(name, after, "route", "else", key)
    else:
        yield Edge(name, after, "next", "", key)
    if step.only_if and step.route:
        yield Edge(name, after, "skip", "", key)
    if step.on_fail.then != NEXT:
        yield Edge(name, step.on_fail.then, "fail", "", "on_fail")
    elif step.route:
        yield Edge(name, after, "fail", "", key)
    if step.until is not None:
        yield Edge(name, step.until.goto, "loop", "", "until")
        if step.until.then != NEXT:
            yield Edge(name, step.until.then, "exhausted", "", "until")


@dataclass(frozen=True)
class Flow:
    """`edges` lead between steps, and to END and STOP; those to steps there are not are left out."""

    names: tuple[str, ...]
    edges: tuple[Edge, ...]
    _forward: dict[str, tuple[str, ...]] = field(init=False, repr=False)
    _every: dict[str, tuple[str, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = set(self.names)
        inner = [edge for edge in self.edges if edge.target in known]
        ahead = _by_source(self.names, (edge for edge in inner if edge.kind != "loop"))
        object.__setattr__(self, "_forward", ahead)
        object.__setattr__(self, "_every", _by_source(self.names, inner))

    def ahead(self, name: str) -> tuple[str, ...]:
        """The steps that may follow at once, loops left out."""
        return self._forward[name]

    @cached_property
    def cycle(self) -> tuple[str, ...]:
        """Steps that lead round without an `until`, the first one again at the end; () when there are none."""
        state: dict[str, int] = {}
        for start in self.names:
            path: list[tuple[str, Iterator[str]]] = []
            if start not in state:
                state[start] = 1
                path.append((start, iter(self._forward[start])))
            while path:
                name, rest = path[-1]
                step = next(rest, None)
                if step is None:
                    state[name] = 2
                    path.pop()
                elif state.get(step) == 1:
                    names = [each for each, _ in path]
                    return (*names[names.index(step) :], step)
                elif step not in state:
                    state[step] = 1
                    path.append((step, iter(self._forward[step])))
        return ()

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The steps, each before those it leads to, loops left out. Only where there is no cycle."""
        left = dict.fromkeys(self.names, 0)
        for name in self.names:
            for step in self._forward[name]:
                left[step] += 1
        ready = [name for name in self.names if not left[name]]
        found: list[str] = []
        while ready:
            name = ready.pop()
            found.append(name)
            for step in self._forward[name]:
                left[step] -= 1
                if not left[step]:
                    ready.append(step)
        return tuple(found)

    def from_here(self, name: str, *, loops: bool = True) -> frozenset[str]:
        """The steps that may come after a step; itself only when it may come again."""
        leads = self._every if loops else self._forward
        found: set[str] = set()
        waiting = list(leads[name])
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting += leads[step]
        return frozenset(found)

    @cached_property
    def reached(self) -> frozenset[str]:
        return frozenset({self.names[0]}) | self.from_here(self.names[0])

    def before(self) -> dict[str, frozenset[str]]:
        """Of each step those that can have run before it begins."""
        found: dict[str, set[str]] = {name: set() for name in self.names}
        for name in self.names:
            if name in self.reached:
                for step in self.from_here(name):
                    found[step].add(name)
        return {name: frozenset(names) for name, names in found.items()}


def flow_of(workflow: Workflow) -> Flow:
    return Flow(
        tuple(step.name for step in workflow.steps),
        tuple(edge for step in workflow.steps for edge in edges_of(workflow, step)),
    )


def _by_source(names: Iterable[str], edges: Iterable[Edge]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {name: [] for name in names}
    for edge in edges:
        if edge.target not in found[edge.source]:
            found[edge.source].append(edge.target)
    return {name: tuple(targets) for name, targets in found.items()}
