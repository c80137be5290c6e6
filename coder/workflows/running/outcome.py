"""How things of a workflow ended: what one agent gave, what a step came to, what the run did. Values; must not know how
they came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.messages import Json

State: TypeAlias = Literal["done", "failed", "stopped", "budget", "waiting"]
"""`stopped`: by the person; `budget`: a limit of agents, dollars or minutes; `waiting`: nobody was there to answer."""
StepState: TypeAlias = Literal["done", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What was given for one thing that was asked: by an agent, by several who voted, by another workflow. `failed`
    says why there is nothing, "" when there is. `branch` holds what was changed in a worktree of its own; `votes`
    what was voted for how often. `is_kept`: it is known from an earlier process."""

    text: str = ""
    value: Any = None
    failed: str = ""
    branch: str = ""
    artifact: str = ""
    votes: Mapping[str, int] = field(default_factory=dict)
    is_kept: bool = False

    @property
    def result(self) -> Any:
        return self.text if self.value is None else self.value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepResult:
    """A visit of a step. `name` is its path, such as "fix/review" for a step of a workflow that another one uses;
    `number` counts the visits. `failed` of the items are in `failures`."""

    name: str
    number: int
    state: StepState
    result: Any = None
    why: str = ""
    is_kept: bool = False
    answers: tuple[Answer, ...] = ()

    @property
    def branches(self) -> tuple[str, ...]:
        return tuple(answer.branch for answer in self.answers if answer.branch)

    @property
    def as_json(self) -> Json:
        """For programs."""
        failures = [answer.failed for answer in self.answers if answer.failed]
        votes = next((dict(answer.votes) for answer in self.answers if answer.votes), {})
        return {
            "step": self.name,
            "visit": self.number,
            "state": self.state,
            "kept": self.is_kept,
            "agents": len(self.answers),
            **({"why": self.why} if self.why else {}),
            **({"failures": failures} if failures else {}),
            **({"votes": votes} if votes else {}),
            **({"branches": list(self.branches)} if self.branches else {}),
            "result": self.result,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """How a run ended. `text` is its result, as far as there is one when it was not done; `value` the same as data
    where it is any. `agents` and `usd` are of all processes of the run, `usd` None when a price is not known; `kept`
    how many answers were there already. `where` is the step at which it stopped, `why` the reason, "" when it is done.
    `unmerged` are branches with work that is in no other place. `is_late`: it reached the limit of time."""

    workflow: str
    run: str
    state: State
    text: str = ""
    value: Any = None
    steps: tuple[StepResult, ...] = ()
    agents: int = 0
    kept: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    where: str = ""
    why: str = ""
    unmerged: tuple[str, ...] = ()
    is_late: bool = False


class Halt(CoderError):
    """Ends a run before its end. Raised within the runner, and by nobody else."""

    def __init__(self, state: State, where: str, why: str, *, is_late: bool = False) -> None:
        super().__init__(why)
        self.is_late = is_late
        self.state: State = state
        self.where = where
        self.why = why
