"""What checkpoints cost in a working folder of 50,000 files: a look at it, the first one, and round a command."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Report
from coder.checkpoints.recorder import Recorder, Surroundings

FILES = 50_000


def checkpoints(report: Report, folder: Path, runs: int) -> None:
    project, base = folder / "checkpoints-project", folder / "checkpoints-base"
    fill(project)
    env = {"HOME": str(folder / "nobody"), "PATH": os.environ["PATH"]}
    around = Surroundings(folder / "nobody", (base,), env)

    def opened(name: str) -> Recorder:
        return Recorder(base, name, [project], around, lambda text: None)

    report.title(f"Checkpoints of {FILES:,} files (CPU, medians of {runs})")
    fresh = [_first(opened(f"fresh-{number}"), base) for number in range(2)]
    report.figure("first one outside git", f"{min(fresh):.2f} s")
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "commit", "-qm", "x"]
    for command in (["init", "-q"], ["add", "-A"], commit, ["gc", "-q"]):  # which it would do by itself in a while
        subprocess.run(["git", "-C", str(project), *command], check=True, capture_output=True)
    later = time.time() + 60
    os.utime(project / ".git" / "index", (later, later))  # as if all that was long ago
    seeded = [_first(opened(f"seeded-{number}"), base) for number in range(3)]
    report.bar("first one inside git", statistics.median(seeded), 1.0, " s")

    recorder = opened("steady")
    recorder.snapshot("warm")
    recorder.snapshot("warm")  # what was written just now is looked at twice
    steady = [_timed(lambda: recorder.snapshot("again")) for _ in range(runs)]
    report.bar("another one, nothing changed", statistics.median(steady), 0.3, " s")
    rounds = [_timed(lambda: _round(recorder, project / "package7" / "module7.py")) for _ in range(runs)]
    report.figure("before and after one small command", f"{statistics.median(rounds):.2f} s")
    recorder.close()


def _round(recorder: Recorder, path: Path) -> None:
    id = recorder.before("echo", "command", [], scan=True)
    path.write_text(f"value = {time.time_ns()}\n", encoding="utf-8")
    recorder.after(id)


def _first(recorder: Recorder, base: Path) -> float:
    spent = _timed(lambda: recorder.snapshot("first"))
    recorder.close()
    shutil.rmtree(base)
    return spent


def _timed(work: Callable[[], object]) -> float:
    """CPU seconds, of the kernel too: all of it is looking at files that are in memory."""
    started = time.process_time()
    work()
    return time.process_time() - started


def fill(project: Path) -> None:
    for number in range(FILES):
        path = project / f"package{number % 200}" / f"module{number}.py"
        if number < 200:
            path.parent.mkdir(parents=True)
        path.write_text(f"value = {number}\n" * 100, encoding="utf-8")
