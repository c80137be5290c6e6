"""What a batch tells whoever shows it. Values only. Must not know how they are shown."""

from __future__ import annotations

from typing import TypeAlias

from coder.batch.backend import Doing
from coder.batch.outcome import Outcome
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.messages import Json


@dataclass(frozen=True, slots=True)
class Began:
    task: Task
    number: int


@dataclass(frozen=True, slots=True)
class Moved:
    task: Task
    doing: Doing


@dataclass(frozen=True, slots=True)
class Ended:
    """`row` is its line of the result file."""

    task: Task
    row: Json


@dataclass(frozen=True, slots=True)
class Again:
    """It is tried once more, `seconds` from now at the earliest."""

    task: Task
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """It was stopped before it had a result."""

    task: Task
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Said:
    text: str


Event: TypeAlias = Began | Moved | Ended | Again | Cut | Said
