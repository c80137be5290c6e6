"""Which task is begun when: as many at once as there is room and money for, again after what was nobody's fault, and no
more once it is to end. Must not know where attempts run, nor how any of it is shown.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Literal, TypeAlias

from coder.batch.backend import Attempt, Backend, Doing, Running
from coder.batch.events import Again, Began, Cut, Ended, Event, Moved, Said
from coder.batch.outcome import Outcome
from coder.batch.purse import Purse, left
from coder.batch.records import Records
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError

_LONGEST_WAIT = 900.0
_LEAST_USD = 0.0005
_BUSY = 12
"""So many times longer is waited at a limit of the model's, and by every task."""

Why: TypeAlias = Literal["", "asked", "failures", "budget", "disk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`usd` is for all tasks together, None: no limit. `failures` None: go on whatever fails. `wait` is how long after
    a first failure of the machine's a task is tried again, in seconds; it doubles."""

    retries: int = 2
    usd: float | None = None
    failures: int | None = None
    wait: float = 5.0


@dataclass(frozen=True, slots=True)
class End:
    """`why` no more was begun, "": all is done. `left` have no result. `trouble` is what the disk did not take."""

    why: Why
    left: tuple[Task, ...]
    trouble: str = ""


@dataclass(slots=True)
class _Waiting:
    task: Task
    ready: float = 0.0
    doubled: int = field(default=0)


class Scheduler:
    """`cost_of` tells what a session did cost that left no result, None: nobody knows. `base_of` is the commit a task
    begins at."""

    def __init__(
        self,
        tasks: Sequence[Task],
        records: Records,
        backend: Backend,
        limits: Limits,
        tell: Callable[[Event], None],
        *,
        cost_of: Callable[[str], float | None],
        base_of: Callable[[Task], str],
    ) -> None:
        self._tasks, self._records, self._backend, self._limits = tasks, records, backend, limits
        self._tell, self._cost_of, self._base_of = tell, cost_of, base_of
        self._waiting: list[_Waiting] = []
        self._running: dict[asyncio.Task[Outcome], tuple[_Waiting, Attempt]] = {}
        self._woken = asyncio.Event()
        self._why: Why = ""
        self._trouble = ""
        self._paused_until, self._pauses = 0.0, 0
        self._failed = 0
        self._purse = Purse(limits.usd, 0.0)

    @property
    def purse(self) -> Purse:
        return self._purse

    @property
    def running(self) -> int:
        return len(self._running)

    def stop(self, *, now: bool = False) -> None:
        """Begins no more. With `now` what runs is stopped, and runs anew another time."""
        self._why = self._why or "asked"
        if now:
            for running in self._running:
                running.cancel()
        self._woken.set()

    async def run(self) -> End:
        """Never raises for what a task or the disk does."""
        try:
            await self._recover()
            self._purse = Purse(self._limits.usd, self._before())
            self._waiting = [_Waiting(task) for task in self._tasks if self._records.row_of(task) is None]
            self._write(now=True)
            while self._waiting or self._running:
                self._begin()
                if not self._running and (self._why or not self._waiting):
                    break
                await self._next()
        finally:
            await self._stop_all()
            self._write(now=True)
        unfinished = tuple(task for task in self._tasks if self._records.row_of(task) is None)
        return End(self._why, unfinished, self._trouble)

    def _before(self) -> float:
        costs = self._records.costs()
        highest = max((task.usd or 0.0 for task in self._tasks), default=0.0)
        return sum(highest if usd is None else usd for usd in costs)

    async def _recover(self) -> None:
        async def one(task: Task, attempt: Attempt) -> None:
            found = await self._backend.recover(task, attempt)
            known = self._cost_of(attempt.session)
            found = replace(found, usd=known if known is not None else found.usd, session=attempt.session)
            self._records.not_ended(task, attempt, found)
            kept = f" What it had done is on {found.branch}." if found.branch else ""
            kept += f" Its folder is kept: {found.worktree} ({found.kept_because})." if found.worktree else ""
            self._tell(Said(f"{task.id}: an attempt was cut off, and is made anew.{kept}"))

        try:
            await asyncio.gather(*(one(task, attempt) for task, attempt in self._records.left_open()))
        except OSError as error:
            self._disk(error)

    def _begin(self) -> None:
        """Begins what can be begun now."""
        loop = asyncio.get_running_loop()
        for waiting in list(self._waiting):
            if self._why or len(self._running) >= self._backend.capacity or loop.time() < self._paused_until:
                return
            if waiting.ready > loop.time():
                continue
            may = left(waiting.task.usd, self._records.spent(waiting.task))
            if not self._purse.hold(waiting.task.id, may):
                continue
            try:
                attempt = self._records.attempt(waiting.task, self._base_of(waiting.task), may)
            except OSError as error:
                self._purse.settle(waiting.task.id, 0.0)
                self._disk(error)
                return
            self._waiting.remove(waiting)
            self._tell(Began(waiting.task, attempt.number))
            self._running[asyncio.create_task(self._attempted(waiting.task, attempt))] = (waiting, attempt)
        if self._waiting and not self._running and all(each.ready <= loop.time() for each in self._waiting):
            self._why = "budget"

    async def _attempted(self, task: Task, attempt: Attempt) -> Outcome:
        def told(said: Doing | Running) -> None:
            if isinstance(said, Doing):
                self._tell(Moved(task, said))
                return
            try:
                self._records.running(task, attempt, said)
            except OSError as error:
                self._disk(error)

        try:
            return await self._backend.run(task, attempt, told)
        except (CoderError, OSError, ValueError) as error:
            return Outcome(status="failed", error=f"the attempt could not be made: {error}", session=attempt.session)

    async def _next(self) -> None:
        """Until an attempt ends, one may be begun, or somebody asks for something."""
        loop = asyncio.get_running_loop()
        self._woken.clear()
        waits: set[asyncio.Task[object]] = {asyncio.ensure_future(self._woken.wait())}
        times = [max(each.ready, self._paused_until) for each in self._waiting]
        later = [time - loop.time() for time in times if time > loop.time()] if not self._why else []
        try:
            await asyncio.wait(
                {*waits, *self._running}, timeout=min(later, default=None), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
        for done in [each for each in self._running if each.done()]:
            self._settle(done)
        self._write()

    def _settle(self, done: asyncio.Task[Outcome]) -> None:
        waiting, attempt = self._running.pop(done)
        task = waiting.task
        cut = Outcome(status="stopped", session=attempt.session)  # it was stopped before it had begun
        outcome = cut if done.cancelled() else done.result()
        if outcome.usd is None:
            outcome = replace(outcome, usd=self._cost_of(attempt.session))
        self._purse.settle(task.id, outcome.usd)
        try:
            if outcome.status == "stopped":
                self._records.not_ended(task, attempt, outcome)
                self._tell(Cut(task, outcome))
            elif outcome.status == "infra" and self._may_try_again(waiting, outcome):
                self._records.not_ended(task, attempt, outcome)
                self._again(waiting, outcome)
            else:
                self._ended(task, attempt, outcome)
        except OSError as error:
            self._disk(error)
            self._tell(Cut(task, replace(outcome, error=f"its result could not be written: {error.strerror}")))

    def _may_try_again(self, waiting: _Waiting, outcome: Outcome) -> bool:
        rest = left(waiting.task.usd, [*self._records.spent(waiting.task), outcome.usd])
        return self._records.tries(waiting.task) < self._limits.retries and (rest is None or rest > _LEAST_USD)

    def _again(self, waiting: _Waiting, outcome: Outcome) -> None:
        loop = asyncio.get_running_loop()
        wait = min(_LONGEST_WAIT, self._limits.wait * 2**waiting.doubled) * random.uniform(0.8, 1.2)
        waiting.doubled += 1
        if outcome.busy:  # the others would meet the same: none is begun for a while
            pause = min(_LONGEST_WAIT, self._limits.wait * _BUSY * 2**self._pauses)
            if loop.time() >= self._paused_until:
                self._pauses += 1
                self._paused_until = loop.time() + pause
                self._tell(Said(f"the model is at a limit: no task is begun for {round(pause)} s"))
        waiting.ready = loop.time() + wait
        self._waiting.append(waiting)
        self._tell(Again(waiting.task, outcome, max(wait, self._paused_until - loop.time())))

    def _ended(self, task: Task, attempt: Attempt, outcome: Outcome) -> None:
        made = self._records.ended(task, attempt, outcome)
        self._tell(Ended(task, made))
        if made["ok"]:
            self._pauses = 0
            return
        self._failed += 1
        if self._limits.failures is not None and self._failed >= self._limits.failures and not self._why:
            self._why = "failures"
            self._tell(Said(f"{self._failed} failed: no more is begun, what runs is waited for"))

    async def _stop_all(self) -> None:
        for running in self._running:
            running.cancel()
        while self._running:
            await asyncio.wait(self._running)
            for done in list(self._running):
                with suppress(asyncio.CancelledError):
                    self._settle(done)

    def _write(self, *, now: bool = False) -> None:
        try:
            self._records.write(now=now)
            if self._trouble.startswith(str(self._records.out)):
                self._trouble = ""
        except OSError as error:
            text = f"{self._records.out} cannot be written: {error.strerror}"
            if not self._trouble:
                self._trouble = text
                self._tell(Said(f"{text}. What has ended is in the journal beside it: make room, and it is written."))

    def _disk(self, error: OSError) -> None:
        """The journal takes no more: what ends from now on would be lost, so nothing is begun."""
        if self._why != "disk":
            self._why, self._trouble = "disk", f"the journal cannot be written: {error.strerror}"
            self._tell(Said(f"{self._trouble}. No more is begun; make room, and give the same command again."))
