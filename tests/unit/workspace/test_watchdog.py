from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coder.workspace.family import MARKER
from tests.support.processes import is_alive, linux_only, pid_in, until

KILLED_WHILE_RUNNING = """
import asyncio, sys
from pathlib import Path
from coder.workspace.local import LocalWorkspace

async def main(folder: Path) -> None:
    workspace = LocalWorkspace(folder)
    done = await workspace.start("true", spill=folder / "spill")
    await done.wait()
    await workspace.start("trap '' TERM; sleep 999 & echo $! > one; wait", spill=folder / "spill")
    await workspace.start("setsid sleep 999 & echo $! > two; wait", spill=folder / "spill")
    await workspace.start("env -i sleep 999 & echo $! > three; wait", spill=folder / "spill")
    await asyncio.sleep(999)

asyncio.run(main(Path(sys.argv[1])))
"""

ONLY_WATCHED = """
import sys
from coder.workspace.watchdog import Watchdog

watchdog = Watchdog("token1")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.behaviour("B-268")
@linux_only
async def test_a_killed_coder_leaves_nothing_running(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED_WHILE_RUNNING, str(tmp_path)], env=os.environ)
    paths = [tmp_path / name for name in ("one", "two", "three")]
    try:
        await until(lambda: all(pid_in(path) for path in paths))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    pids = [pid for path in paths if (pid := pid_in(path))]
    assert len(pids) == 3
    await until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.behaviour("B-268")
@linux_only
async def test_a_shell_that_was_not_announced_any_more_is_found_with_its_group(tmp_path: Path) -> None:
    coder = subprocess.Popen([sys.executable, "-c", ONLY_WATCHED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert coder.stdout is not None
    coder.stdout.readline()
    env = {"PATH": os.defpath, MARKER: "token1.7"}
    command = f"env -i sleep 999 & echo $! > {tmp_path}/pid; wait"
    shell = subprocess.Popen(["/bin/sh", "-c", command], env=env, start_new_session=True)
    try:
        await until(lambda: pid_in(tmp_path / "pid") is not None)
        coder.kill()
        await until(lambda: not is_alive(pid_in(tmp_path / "pid") or 0))
        assert shell.wait() < 0
    finally:
        coder.communicate()
