"""Attempts as processes of this machine: a place, a run in it, what it changed, a check, the place left. Must not know
the scheduler, nor sessions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from coder.batch.backend import Attempt, Doing, Running
from coder.batch.local.copy import Copies
from coder.batch.local.leftovers import end_group, end_marked
from coder.batch.local.place import Place
from coder.batch.local.process import GRACE, Launch, run
from coder.batch.local.reply import Reply, outcome
from coder.batch.local.shared import SharedPlace
from coder.batch.local.worktree import Grounds
from coder.batch.outcome import Check, Outcome
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.visible import visible_line

Isolation: TypeAlias = Literal["worktree", "copy", "none"]
MARK = "CODER_BATCH_ATTEMPT"
_CHECKS = 600.0
_TAIL = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """`command` is coder, called with `{held}` where it takes a descriptor that ends with this process. `more` are
    arguments of the person's for every run. `check_env` is what a check is given of the variables of its task.
    `isolation` says it for a folder. `slack` is how many seconds a run may take to end by itself
    once its time is up."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    parallel: int
    grounds: Grounds
    copies: Copies
    isolation: Callable[[Path], Isolation]
    check_env: Callable[[Mapping[str, str], Path], Mapping[str, str]]
    more: tuple[str, ...] = ()
    grace: float = GRACE
    slack: float = 30.0
    check_seconds: float = _CHECKS


class LocalBackend:
    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._one_by_one: dict[Path, asyncio.Lock] = {}

    @property
    def capacity(self) -> int:
        return self._setup.parallel

    async def run(self, task: Task, attempt: Attempt, tell: Callable[[Doing | Running], None]) -> Outcome:
        stop = asyncio.Event()
        work = asyncio.ensure_future(self._run(task, attempt, tell, stop))
        while not work.done():
            try:
                await asyncio.wait({work})
            except asyncio.CancelledError:  # what is under way comes to its end in order, and is told
                stop.set()
        return work.result()

    async def recover(self, task: Task, attempt: Attempt) -> Outcome:
        try:
            return await asyncio.to_thread(self._recovered, task, attempt)
        except (CoderError, OSError) as error:
            return Outcome(status="stopped", error=visible_line(str(error)))

    def _recovered(self, task: Task, attempt: Attempt) -> Outcome:
        end_group(attempt.pid, attempt.begun, self._setup.grace)
        end_marked(MARK, attempt.session)
        place = self._place_left(task, attempt)
        if place is None:
            return Outcome(status="stopped", error="its scheduler was killed")
        harvest = place.harvest(_kept_branch(task, attempt), _message(task, attempt, cut=True))
        left = place.leave()
        return Outcome(
            status="stopped",
            error="its scheduler was killed",
            branch=harvest.branch,
            commit=harvest.commit,
            worktree=left.folder,
            kept_because=left.because,
        )

    def _place_left(self, task: Task, attempt: Attempt) -> Place | None:
        name = _name(task, attempt)
        match self._setup.isolation(task.cwd):
            case "worktree":
                return self._setup.grounds.left(name, task.cwd, attempt.base)
            case "copy":
                place = self._setup.copies.at(name)
                return place if place.is_there else None
            case _:
                return None

    def _place(self, task: Task, attempt: Attempt) -> Place:
        match self._setup.isolation(task.cwd):
            case "worktree":
                return self._setup.grounds.make(_name(task, attempt), task.cwd, attempt.base, attempt.session)
            case "copy":
                return self._setup.copies.make(_name(task, attempt), task.cwd)
            case _:
                return SharedPlace(task.cwd)

    async def _run(
        self, task: Task, attempt: Attempt, tell: Callable[[Doing | Running], None], stop: asyncio.Event
    ) -> Outcome:
        async with AsyncExitStack() as stack:
            if self._setup.isolation(task.cwd) == "none":  # two of them would write over each other
                await stack.enter_async_context(self._one_by_one.setdefault(task.cwd, asyncio.Lock()))
            if stop.is_set():
                return Outcome(status="stopped", session=attempt.session, usd=0.0)
            tell(Doing(0, "making its place"))
            try:
                place = await asyncio.to_thread(self._place, task, attempt)
            except (CoderError, OSError) as error:
                why = f"no place to work could be made: {visible_line(str(error))}"
                return Outcome(status="failed", error=why, session=attempt.session, usd=0.0, base=attempt.base)
            return await self._worked(task, attempt, place, tell, stop)

    async def _worked(
        self, task: Task, attempt: Attempt, place: Place, tell: Callable[[Doing | Running], None], stop: asyncio.Event
    ) -> Outcome:
        tell(Doing(0, "starting"))
        found = await self._asked(task, attempt, place, tell, stop)
        is_final = found.status not in ("infra", "stopped")
        branch = _branch(task, attempt) if is_final else _kept_branch(task, attempt)
        message = _message(task, attempt, cut=not is_final)
        harvest = await asyncio.to_thread(place.harvest, branch, message)
        await asyncio.to_thread(place.settle)
        check = None
        if found.status == "done" and task.check:
            tell(Doing(found.turns, "checking"))
            check = await self._checked(task, attempt, place, stop)
            if stop.is_set() and check.code is None:
                found = replace(found, status="stopped", error="stopped while it was checked")
            elif check.code != 0:
                how = "took too long" if check.code is None else f"ended with {check.code}"
                found = replace(found, status="check_failed", error=f"it {how}")
        left = await asyncio.to_thread(place.leave)
        return replace(
            found,
            base=harvest.base,
            commit=harvest.commit,
            branch=harvest.branch,
            patch=harvest.patch,
            check=check,
            worktree=left.folder,
            kept_because=left.because,
        )

    async def _asked(
        self, task: Task, attempt: Attempt, place: Place, tell: Callable[[Doing | Running], None], stop: asyncio.Event
    ) -> Outcome:
        reply = Reply()

        def hear(line: bytes) -> None:
            if reply.hear(line):
                tell(reply.doing)

        launch = Launch(
            argv=(*self._setup.command, *_arguments(task, attempt), *self._setup.more),
            cwd=place.folder,
            env={**self._setup.env, **task.env},
            marks=(MARK, attempt.session),
            given=task.prompt.encode("utf-8"),
            seconds=None if task.timeout is None else task.timeout + self._setup.slack,
            held=True,
            fds=place.fds,
        )
        started = time.monotonic()
        try:
            ended = await run(launch, stop, hear, lambda pid, begun: tell(Running(pid, begun)), grace=self._setup.grace)
        except OSError as error:
            return Outcome(
                status="infra", error=f"coder cannot be started: {error.strerror}", session=attempt.session, usd=0.0
            )
        return outcome(reply, ended, attempt.session, time.monotonic() - started)

    async def _checked(self, task: Task, attempt: Attempt, place: Place, stop: asyncio.Event) -> Check:
        said: list[bytes] = []

        def hear(line: bytes) -> None:
            said.append(line[:_TAIL])
            del said[:-200]

        launch = Launch(
            argv=("/bin/sh", "-c", f"exec 2>&1\n{task.check}"),
            cwd=place.folder,
            env=self._setup.check_env({**self._setup.env, **task.env}, place.folder),
            marks=(MARK, attempt.session),
            seconds=self._setup.check_seconds,
        )
        code: int | None = None
        with suppress(OSError):
            ended = await run(launch, stop, hear, grace=min(self._setup.grace, 2.0))
            code = ended.code if not ended.how else None
            said += [ended.said.encode()] if ended.said else []
        output = b"\n".join(said).decode("utf-8", "replace")
        return Check(command=task.check, code=code, output=output[-_TAIL:])


def _arguments(task: Task, attempt: Attempt) -> list[str]:
    """The prompt is not among them: it comes through standard input."""
    made = ["-p", "--output-format=stream-json", f"--session-id={attempt.session}", f"--name=batch {task.id}"]
    made += [f"--model={task.model}"] if task.model else []
    made += [f"--max-turns={task.max_turns}"] if task.max_turns is not None else []
    made += [f"--max-budget-usd={attempt.usd:.6f}"] if attempt.usd is not None else []
    made += [f"--time-budget={task.timeout:g}"] if task.timeout is not None else []
    made += [f"--permission-mode={task.permission_mode}"] if task.permission_mode else []
    made += [f"--allowed-tools={rule}" for rule in task.allowed_tools]
    return made


def _name(task: Task, attempt: Attempt) -> str:
    return f"batch-{attempt.run}-{task.slug}-{attempt.number}"


def _branch(task: Task, attempt: Attempt) -> str:
    return f"coder/batch/{attempt.run}/{task.slug}"


def _kept_branch(task: Task, attempt: Attempt) -> str:
    return f"{_branch(task, attempt)}.{attempt.number}"


def _message(task: Task, attempt: Attempt, *, cut: bool) -> str:
    what = ", cut off" if cut else ""
    return f"batch: {visible_line(task.id)}\n\nAttempt {attempt.number} of batch {attempt.run}{what}.\n"
