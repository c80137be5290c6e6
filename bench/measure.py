"""Runs a command as a whole process and reads the operating system's own accounting of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, KiB elsewhere


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of wall and CPU time, peak memory in MB, exit code and output of one process."""

    wall: float
    cpu: float
    peak: float
    code: int
    output: str


def run(argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Run:
    """The process alone: what its children used is not counted."""
    started = time.perf_counter()
    # Its own pipe and wait4, since subprocess keeps the rusage of a single child to itself.
    process = subprocess.Popen(
        argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    chunks: list[bytes] = []
    assert process.stdout is not None
    stream = process.stdout
    reader = threading.Thread(target=lambda: chunks.append(stream.read()))
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    reader.join()
    stream.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    output = b"".join(chunks).decode("utf-8", "replace")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MEMORY_UNIT / 1e6, process.returncode, output)


def interleaved(
    commands: Mapping[str, Sequence[str]], runs: int, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> dict[str, list[Run]]:
    """Each command in turn, round after round, after one round that is not counted."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, argv in commands.items():
            one = run(argv, env, cwd)
            if one.code != 0:
                raise SystemExit(f"bench: {name} ended with {one.code}: {one.output[-500:]}")
            if number:
                found[name].append(one)
    return found


def median(runs: Sequence[Run], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in runs))
