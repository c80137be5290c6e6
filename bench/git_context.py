"""What the model is told of a repository of 50,000 files, beside plain git, and what that costs a start."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.cases import CODER, FOREVER, place
from bench.measure import interleaved, median
from bench.report import Report

FILES = 50_000
_OFF = '{"includeGitInstructions": false}'


def git_context(report: Report, folder: Path, runs: int) -> None:
    from coder.app.gitting import words
    from coder.git.call import Git
    from coder.git.repository import repository_of
    from coder.git.summary import look

    top = folder / "git-context-repository"
    _fill(top)
    repository = repository_of(top)
    assert repository is not None
    git = Git({"HOME": str(folder), "PATH": os.environ["PATH"]}, (top,))

    def told() -> None:
        summary = asyncio.run(look(git, repository, top))
        assert summary.status is not None and len(summary.status.changes) == 300
        words.told(summary, words.Names(top))

    def plain() -> None:
        subprocess.run(["git", "status", "--porcelain"], cwd=top, capture_output=True, check=True)

    times: dict[Callable[[], None], list[float]] = {told: [], plain: []}
    for number in range(runs + 1):
        for work, found in times.items():
            started = time.perf_counter()
            work()
            found += [time.perf_counter() - started] * (number > 0)
    ours, theirs = statistics.median(times[told]), statistics.median(times[plain])
    report.title(f"What is told of a repository of {FILES:,} files (medians of {runs} interleaved runs)")
    report.figure("git status --porcelain", f"{theirs:.3f} s")
    report.figure("status, commits and the words", f"{ours:.3f} s")
    report.bar("the fastest of them", min(times[told]), 0.4, " s")
    report.bar("against git status --porcelain", ours / theirs, 1.5, "x")
    with place(folder, "git-context", [{"text": "Hello.", "repeat": FOREVER}]) as (env, _):
        hello = [*CODER, "-p", "hello"]
        starts = interleaved({"told": hello, "not told": [*hello, "--settings", _OFF]}, runs, env, top)
    for name, each in starts.items():
        report.figure(f"-p hello there, {name}", f"wall {median(each, 'wall'):.3f} s, CPU {median(each, 'cpu'):.3f} s")


def _fill(top: Path) -> None:
    """Committed, with 100 files changed, 100 staged and 100 new ones."""
    for number in range(FILES):
        path = top / f"package{number % 200}" / f"module{number}.py"
        if number < 200:
            path.parent.mkdir(parents=True)
        path.write_text(f"value = {number}\n", encoding="utf-8")
    _git(top, "init", "-q")
    _git(top, "add", "-A")
    _git(top, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "commit", "-qm", "x")
    for number in range(100):
        (top / f"package{number}" / f"module{number}.py").write_text("value = 0  # staged\n", encoding="utf-8")
        (top / f"package{number}" / f"new{number}.py").write_text("", encoding="utf-8")
    _git(top, "add", "-u")
    for number in range(100, 200):
        (top / f"package{number}" / f"module{number}.py").write_text("value = 0  # changed\n", encoding="utf-8")


def _git(top: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=top, check=True, capture_output=True)
