"""Servers begun, killed, hung and left, over and over: nothing stays behind. And when coder itself is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coder.mcp.errors import ServerError
from coder.mcp.links import Links
from tests.support.mcp_links import Asked, odd, place_in, say
from tests.support.processes import children, is_alive, linux_only, open_files, until

_FAULTS = ["", "hang", "silent", "stubborn", "crash", "crash-soon", "exit", "flood-out", "grandchild", "deaf"]


@linux_only
@pytest.mark.behaviour("B-1602")
@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.soak] if seed else []) for seed in range(10)])
async def test_nothing_is_left_of_starts_kills_and_hangs(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    await _one("", "", chance, tmp_path)  # whatever is loaded once
    before = open_files(), set(children())
    for fault in chance.sample(_FAULTS, 5):
        await _one(fault, chance.choice(["close", "kill", "call", "cancel", "reconnect"]), chance, tmp_path)
    await until(lambda: set(children()) <= before[1])
    assert open_files() <= before[0]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _one(fault: str, then: str, chance: random.Random, folder: Path) -> None:
    groups: list[int] = []
    place = replace(place_in(folder), mind=lambda group, begins: groups.append(group) if begins else None, grace=0.1)
    links = Links([odd(fault, start=0.3 if fault in ("silent", "deaf") else None)], Asked(), place)
    links.start()
    link = links.links[0]
    if chance.random() < 0.7:
        await link.ready()
    calling = asyncio.create_task(say(link))
    if then == "call" and fault != "hang":
        with suppress(ServerError):
            await calling
    if then == "kill" and groups:
        await link.ready()
        with suppress(ProcessLookupError):
            os.kill(groups[-1], signal.SIGKILL)
    if then == "reconnect":
        await link.reconnect()
    if then == "cancel":
        calling.cancel()
    await links.aclose()
    with suppress(ServerError, asyncio.CancelledError):
        await calling
    await until(lambda: not any(map(is_alive, groups)))


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from dataclasses import replace
from coder.mcp.links import Links
from coder.workspace.local import LocalWorkspace
from tests.support.mcp_links import Asked, odd, place_in

async def main():
    folder = Path(sys.argv[1])
    workspace = LocalWorkspace(folder)
    place = replace(place_in(folder), mind=workspace.mind)
    links = Links([odd("stubborn"), odd("grandchild", str(folder / "notes"), name="other")], Asked(), place)
    links.start()
    assert all((await links.ready(["odd", "other"], 20)).values())
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@linux_only
@pytest.mark.behaviour("B-1603")
async def test_a_server_ends_when_coder_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PROGRAM, str(tmp_path)], stdout=subprocess.PIPE) as coder:
        assert coder.stdout is not None
        assert coder.stdout.readline() == b"ready\n"
        born = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == coder.pid]
        servers = [pid for pid in born if b"odd.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        servers.append(int((tmp_path / "notes").read_text()))
        assert len(servers) == 3
        coder.kill()
    await until(lambda: not any(map(is_alive, servers)))


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
