"""A workflow as a file says it: steps in order, and what controls them. Values; must not know who runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.workflows.types import Shape

END = "end"  # where a step may lead besides other steps: the workflow is over
STOP = "stop"  # and over without success
NEXT = "next"  # of `on_fail.then` and `until.then`: go on as if nothing were wrong
Origin: TypeAlias = Literal["built-in", "managed", "given", "yours", "project", "added", "plugin"]


class WorkflowError(CoderError):
    """A workflow, or a step of a run, cannot go on; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file. `line` is 1-based, 0 for the whole file."""

    path: Path
    line: int
    text: str
    level: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Argument:
    """`default` None: it has none. `choices` empty: any text."""

    name: str
    required: bool = False
    default: str | None = None
    about: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What all agents of a run may take together. `usd` and `minutes` None: no limit of its own. `agents` is always
    bounded."""

    agents: int = 50
    usd: float | None = None
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A mechanical check after a step: a command that must pass or fail (arguments are quoted into it), or a check of
    ours by name: "citations" (every file:line and quotation in the step's text exists)."""

    run: str = ""
    expect: Literal["pass", "fail"] = "pass"
    check: str = ""
    minutes: float = 10


@dataclass(frozen=True, slots=True)
class OnFail:
    """What follows when the gate does not hold, or the step fails: so many further tries, each told what was wrong;
    then `then` (a step, STOP, or "next": go on all the same)."""

    retry: int = 0
    then: str = STOP


@dataclass(frozen=True, slots=True)
class Each:
    """Once for every item. `of` is a path to a list of an earlier step, or the fixed `items`; `name` is what an item is
    called in the prompt; at most `most` items, those behind them are left out (and that is told)."""

    name: str
    of: str = ""
    items: tuple[Any, ...] = ()
    most: int = 20


@dataclass(frozen=True, slots=True)
class Vote:
    """`n` agents answer the same. `rule`: "majority" (more than half of the votes cast), "all", "any" or "plurality".
    `on` is the field of `out` that is voted on. An agent that failed abstains; a tie, or no vote at all, is `tie`."""

    n: int
    rule: Literal["majority", "all", "any", "plurality"] = "majority"
    on: str = ""
    tie: Any = None


@dataclass(frozen=True, slots=True)
class Until:
    """Goes back to `goto` until the condition holds, at most `most` times; `then` follows when it never did. Going on
    ends the count: who comes back to the step later begins at none."""

    when: str
    goto: str
    most: int
    then: str = STOP


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """`prompt` is its text with {{…}} in it. `out` None: its result is its text; else the shape of the value.
    `route` maps a value of the field `route_on` to a step, "else" for all others. `next` "": the step below. `only_if`
    is a condition without which it is skipped. `use` runs another workflow with the arguments `given`. `ask` is the
    question to a person before it begins, "" for none. `branches_merge`: what agents changed in worktrees of their own
    is merged one after the other. `line` is that of its heading, `control_line` that of its block; `lines` has those of
    single keys."""

    name: str
    prompt: str
    line: int = 0
    control_line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)
    text_lines: tuple[int, ...] = ()
    agent: str = ""
    model: str = ""
    effort: Effort | None = None
    turns: int | None = None
    out: Shape | None = None
    route: Mapping[str, str] = field(default_factory=dict)
    route_on: str = ""
    next: str = ""
    gate: Gate | None = None
    on_fail: OnFail = OnFail()
    each: Each | None = None
    parallel: int = 1
    isolated: bool = False
    branches_merge: bool = False
    vote: Vote | None = None
    until: Until | None = None
    only_if: str = ""
    ask: str = ""
    use: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Workflow:
    """`digest` stands for the whole file as it was read. `report` is the step, or a text with {{…}}, that is the
    workflow's own result; "" is that of the last step that ran. `lines` are those of the keys of its head."""

    name: str
    file: Path
    origin: Origin
    digest: str
    description: str = ""
    arguments: tuple[Argument, ...] = ()
    limits: Limits = Limits()
    steps: tuple[Step, ...] = ()
    report: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def step(self, name: str) -> Step | None:
        return next((each for each in self.steps if each.name == name), None)
