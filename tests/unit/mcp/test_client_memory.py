"""How much memory servers can make coder take: seen in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mcp_links import PATIENT
from tests.support.processes import linux_only

_PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from coder.mcp.errors import ServerError
from coder.mcp.links import Links
from tests.support.mcp_links import Asked, odd, place_in, say

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024

async def used(fault, argument, folder):
    links = Links([odd(fault, argument)], Asked(), place_in(folder))
    links.start()
    try:
        assert await links.links[0].ready(), links.links[0].standing.reason
        try:
            said = await say(links.links[0])
        except ServerError as error:
            said = str(error)
        return {"said": said[:80], "tools": len(links.links[0].offer.tools)}
    finally:
        await links.aclose()

async def main():
    fault, argument, folder = sys.argv[1:]
    await used("", "", Path(folder))
    before = peak()
    found = await used(fault, argument, Path(folder))
    print(json.dumps({**found, "more": peak() - before}))

asyncio.run(main())
"""
MB = 1 << 20


@linux_only
@pytest.mark.behaviour("B-1833")
@pytest.mark.parametrize(
    ("fault", "argument", "most"),
    [
        ("many", 300, 20),  # 300 tools whose definitions take 1 MB
        ("huge", 100 * MB, 50),  # a message of 100 MB; the most that one may have is 32 MB
        ("loud", 50 * MB, 8),
        pytest.param("loud", 1024 * MB, 8, marks=pytest.mark.soak),
        pytest.param("huge", 31 * MB, 200, marks=pytest.mark.soak),  # the largest that is taken up
    ],
)
def test_what_a_server_says_takes_bounded_memory(fault: str, argument: int, most: float, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM, fault, str(argument), str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=20 * PATIENT,
    )
    found = json.loads(ran.stdout)
    assert found["more"] < most, found
    if fault == "loud":
        assert found["said"] == "hello"
        assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) <= 2 * MB + 4096
    if fault == "many":
        assert found["tools"] == argument
    if argument == 100 * MB:
        assert "larger than 32 MiB" in found["said"]
