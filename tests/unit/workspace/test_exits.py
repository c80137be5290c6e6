from __future__ import annotations

import asyncio
import subprocess

import pytest

from coder.workspace.exits import ExitWatch, open_pidfd
from tests.support.processes import until


@pytest.mark.parametrize("pidfd", [open_pidfd, lambda pid: None], ids=["pidfd", "thread"])
async def test_the_end_of_a_child_is_told_once_in_the_event_loop(pidfd: object) -> None:
    assert callable(pidfd)
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    codes: list[int | None] = []
    watch: ExitWatch

    def ended() -> None:
        assert asyncio.get_running_loop()
        codes.append(child.poll())
        watch.close()

    watch = ExitWatch(child, ended, pidfd)
    assert codes == []
    assert child.stdin is not None
    child.stdin.close()
    await until(lambda: bool(codes))
    assert codes == [0]


async def test_a_child_that_has_already_ended_is_told_of_too() -> None:
    child = subprocess.Popen(["true"])
    ended = asyncio.Event()
    watch = ExitWatch(child, ended.set)
    async with asyncio.timeout(30):
        await ended.wait()
    watch.close()
    assert child.wait() == 0
