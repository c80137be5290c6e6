"""A command of a hook as a process: nothing of it is left over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from coder.hooks.child import Child, Launch
from tests.support import marked
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


_KILLED_AS_IT_BEGINS = """
import asyncio, os, sys, time
from coder.hooks.child import Child, Launch

async def start():
    launch = Launch(["/bin/sh", "-c", f"echo > {sys.argv[1]}"], "/", dict(os.environ), b"", is_shell=True)
    Child(launch, mind=lambda group, begins: (time.sleep(0.2), os.kill(os.getpid(), 9)))

asyncio.run(start())
"""


@linux_only
@pytest.mark.behaviour("B-1347")
def test_nothing_of_a_line_runs_before_its_group_is_minded(tmp_path: Path) -> None:
    mark, ran = uuid.uuid4().hex, tmp_path / "ran"
    env = {**os.environ, marked.NAME: mark}
    done = subprocess.run([sys.executable, "-c", _KILLED_AS_IT_BEGINS, str(ran)], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    marked.until_none(mark)
    assert not ran.exists()


async def test_a_line_reads_what_it_is_given_and_no_more() -> None:
    child = Child(Launch(["/bin/sh", "-c", "cat"], "/", dict(os.environ), b"a\n\nb", is_shell=True))
    await child.ended()
    child.close()
    assert child.out.text == "a\n\nb"
