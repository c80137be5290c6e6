"""What a run is doing at this moment: its phase, its clock, its calls, its queue. Made from events; draws nothing.

Must not know a terminal. `clock` is in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.core.events import ModelRetrying, StepChanged
    from coder.core.messages import Json

Phase: TypeAlias = Literal[
    "idle", "waiting", "thinking", "writing", "running", "asking", "retrying", "compacting", "ending"
]


@dataclass(slots=True)
class Call:
    """A call that runs: `last` are the last lines it printed."""

    id: str
    name: str
    summary: str
    began: float
    last: str = ""


@dataclass(slots=True)
class Retry:
    """The model is to be asked again at `until`."""

    event: ModelRetrying
    until: float


@dataclass(slots=True)
class Board:
    clock: Callable[[], float]
    phase: Phase = "idle"
    began: float = 0.0
    ended: float = 0.0
    heard: float = 0.0  # when the model last sent something
    thinking_since: float = 0.0
    characters: int = 0  # written in this run
    counted: int = 0  # output tokens that were billed in this run
    turn: int = 0
    calls: dict[str, Call] = field(default_factory=dict)
    call_count: int = 0
    changed: dict[str, None] = field(default_factory=dict)  # files, in the order they were changed
    cost_before: float | None = 0.0
    retry: Retry | None = None
    hooks: dict[str, str] = field(default_factory=dict)  # that run, by id: what each wants to be shown with
    steps: dict[tuple[str, str], StepChanged] = field(default_factory=dict)  # of workflows, that are under way
    queued: list[str] = field(default_factory=list)  # before the next step
    after: list[str] = field(default_factory=list)  # after this run
    todos: tuple[Json, ...] = ()
    folded: bool | None = None  # the todo list; None while nobody said

    @property
    def is_running(self) -> bool:
        return self.phase != "idle"

    def begin(self, cost: float | None) -> None:
        self.phase = "waiting"
        self.began = self.heard = self.clock()
        self.characters = self.counted = self.turn = self.call_count = 0
        self.calls.clear()
        self.hooks.clear()
        self.steps.clear()
        self.changed.clear()
        self.retry = None
        self.cost_before = cost

    def end(self) -> None:
        self.phase = "idle"
        self.ended = self.clock()
        self.calls.clear()
        self.hooks.clear()
        self.steps.clear()
        self.retry = None

    def hear(self, phase: Phase) -> None:
        """The model sent something."""
        if phase == "thinking" and self.phase != "thinking":
            self.thinking_since = self.clock()
        self.phase = phase
        self.heard = self.clock()
        self.retry = None

    def change(self, path: Path) -> None:
        self.changed[str(path)] = None

    @property
    def seconds(self) -> float:
        return self.clock() - self.began

    @property
    def tokens(self) -> int:
        """Of output, as far as known: billed ones, and an estimate of what is being written."""
        return self.counted + self.characters // 4

    @property
    def open_todos(self) -> int:
        return sum(1 for each in self.todos if each.get("status") != "completed")
