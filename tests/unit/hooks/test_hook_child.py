"""A command of a hook as a process: nothing of it is left over."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from coder.hooks.child import Child, Launch
from tests.support.processes import children, linux_only


@linux_only
def test_one_that_ends_as_the_loop_closes_is_reaped() -> None:
    minded: list[tuple[int, bool]] = []
    loop = asyncio.new_event_loop()

    async def start() -> Child:
        launch = Launch(["/bin/sleep", "1000"], "/", dict(os.environ), b"")
        return Child(launch, mind=lambda group, begins: minded.append((group, begins)))

    waiting = set(threading.enumerate())
    child = loop.run_until_complete(start())
    (waiter,) = set(threading.enumerate()) - waiting
    child.kill()
    child.close()
    waiter.join(0.2)  # long enough to tell the loop, which no longer listens
    loop.close()
    waiter.join(10)
    pid = minded[0][0]
    assert minded == [(pid, True), (pid, False)]
    assert pid not in children()
    assert child.code == 128 + 9


@pytest.mark.parametrize("code", [0, 3])
async def test_one_that_ends_by_itself_is_reaped_once(code: int) -> None:
    minded: list[bool] = []
    child = Child(
        Launch(["/bin/sh", "-c", f"exit {code}"], "/", dict(os.environ), b""),
        mind=lambda _, begins: minded.append(begins),
    )
    await child.ended()
    child.close()
    assert (child.code, minded) == (code, [True, False])
