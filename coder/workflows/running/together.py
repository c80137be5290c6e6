"""Does several things side by side, some at once. Must not know what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from coder.workflows.running.outcome import Halt

Result = TypeVar("Result")


async def together(jobs: Sequence[Callable[[], Awaitable[Result]]], at_once: int) -> list[Result]:
    """The results in the order of the jobs, which are begun in that order. After one that halts the run no further one
    is begun; those at work come to their end, then Halt is raised. Cancelled, all are."""
    results: dict[int, Result] = {}
    halts: list[Halt] = []
    left = iter(enumerate(jobs))

    async def work() -> None:
        for index, job in left:
            try:
                results[index] = await job()
            except Halt as halt:
                halts.append(halt)
            if halts:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(min(max(at_once, 1), len(jobs))):
            group.create_task(work())
    if halts:
        raise halts[0]
    return [results[index] for index in range(len(jobs))]
