"""Batches in tests: the scheduler with a program of ours in place of coder. As a module it runs one to its end, so that
it can be killed: `python -m tests.support.batching TASKS OUT ISOLATION`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coder.batch.backend import Attempt, Doing, Running
from coder.batch.events import Event
from coder.batch.local.backend import LocalBackend, Setup
from coder.batch.outcome import Outcome
from coder.batch.reading import read
from coder.batch.records import Records
from coder.batch.scheduler import End, Limits, Scheduler
from coder.batch.task import Task
from coder.cli.batch_ground import Ground
from coder.cli.batch_page import base_key
from tests.support import batch_stub
from tests.support.cli import Place

STUB = (sys.executable, batch_stub.__file__, "{held}")


def nobody_knows(session: str) -> float | None:
    return None


def tasks_of(lines: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Task, ...]:
    data = b"\n".join(json.dumps(line).encode() for line in lines)
    found = read(data, folder, Task(id="", prompt="", cwd=folder))
    assert not found.problems, found.problems
    return found.tasks


def rows_in(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def setup_of(env: Mapping[str, str], folder: Path, out: Path, *, isolation: str = "auto", **more: Any) -> Setup:
    ground = Ground(env, folder, isolation, drops_ignored=more.pop("drops_ignored", False))
    made = ground.setup(more.pop("parallel", 2), out.with_name(f"{out.name}.d"), ())
    return replace(made, command=STUB, **{"grace": 5.0, **more})


def local(place: Place, out: Path, **more: Any) -> LocalBackend:
    return LocalBackend(setup_of(place.env(None), place.project, out, **more))


@dataclass
class Batch:
    """One run of a batch, and what it told."""

    tasks: Sequence[Task]
    out: Path
    backend: Any
    limits: Limits = field(default_factory=lambda: Limits(wait=0.0))
    bases: Mapping[str, str] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    cost_of: Callable[[str], float | None] = nobody_knows
    scheduler: Scheduler | None = None

    async def run(self) -> End:
        records = Records(self.out, self.tasks)
        try:
            records.begin(dict(self.bases))
            self.scheduler = Scheduler(
                self.tasks,
                records,
                self.backend,
                self.limits,
                self.told.append,
                cost_of=self.cost_of,
                base_of=lambda task: records.bases.get(base_key(task), ""),
            )
            return await self.scheduler.run()
        finally:
            records.close()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return rows_in(self.out)


@dataclass
class Made:
    """A backend without processes: `answer` says what comes of an attempt. `most` is how many ran at once."""

    answer: Callable[[Task, Attempt], Outcome]
    capacity: int = 3
    begun: list[tuple[str, int]] = field(default_factory=list)
    recovered: list[tuple[str, int]] = field(default_factory=list)
    now: int = 0
    most: int = 0
    held: asyncio.Event | None = None

    async def run(self, task: Task, attempt: Attempt, tell: Callable[[Doing | Running], None]) -> Outcome:
        self.begun.append((task.id, attempt.number))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            tell(Doing(1, "working"))
            await asyncio.sleep(0)
            if self.held is not None:
                await self.held.wait()
            return self.answer(task, attempt)
        except asyncio.CancelledError:
            return Outcome(status="stopped", session=attempt.session, usd=0.0, branch=f"kept/{task.slug}")
        finally:
            self.now -= 1

    async def recover(self, task: Task, attempt: Attempt) -> Outcome:
        self.recovered.append((task.id, attempt.number))
        return Outcome(status="stopped", session=attempt.session)


async def _main(tasks: str, out: str, isolation: str) -> None:
    here = Path.cwd()
    found = read(Path(tasks).read_bytes(), here, Task(id="", prompt="", cwd=here))
    ground = Ground(os.environ, here, isolation, drops_ignored=False)
    bases = ground.bases(found.tasks)
    backend = LocalBackend(setup_of(os.environ, here, Path(out), isolation=isolation, parallel=4))
    await Batch(found.tasks, Path(out), backend, bases=bases).run()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
