"""Finding whatever a run has left behind, however it is related to it: by a word in the environment. Linux."""

from __future__ import annotations

import time
from pathlib import Path

NAME = "CODER_TEST_MARK"
ODD = str(Path(__file__).with_name("mcp_servers") / "odd.py")
_BOUND = 20.0


def alive(mark: str) -> list[str]:
    """The command lines of the living processes with this mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if f"{NAME}={mark}".encode() not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            if (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in ("Z", "X"):
                continue
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it has ended meanwhile
    return found


def until_programs(mark: str, count: int) -> None:
    """Waits until so many of the odd servers run."""
    end = time.monotonic() + _BOUND
    # Coder itself has their names in its arguments.
    while sum(line.split()[1:2] == [ODD] for line in alive(mark)) < count:
        assert time.monotonic() < end, f"they did not begin: {alive(mark)}"
        time.sleep(0.02)


def until_none(mark: str) -> None:
    end = time.monotonic() + _BOUND
    while left := alive(mark):
        assert time.monotonic() < end, f"left behind: {left}"
        time.sleep(0.02)
