"""What reading a repository of 50,000 files costs: the Git tool's status and diff, beside plain git."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.checkpoints import FILES, fill
from bench.report import Report
from coder.core.requests import Deny, Reply, Request
from coder.core.tools import ToolContext
from coder.tools.git.tool import GitTool
from coder.tools.git.verb import GitParams
from coder.tools.git.verbs import reading
from coder.workspace.local import LocalWorkspace

_CHANGED = 200


def git_reading(report: Report, folder: Path, runs: int) -> None:
    project = folder / "git-project"
    fill(project)
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "commit", "-qm", "x"]
    for command in (["init", "-q"], ["add", "-A"], commit, ["gc", "-q"]):
        subprocess.run(["git", "-C", str(project), *command], check=True, capture_output=True)
    for number in range(_CHANGED):
        (project / f"package{number}" / f"module{number}.py").write_text("value = None\n", encoding="utf-8")
    env = {"HOME": str(folder / "nobody"), "PATH": os.environ["PATH"]}
    tool, workspace = GitTool(lambda: reading(env)), LocalWorkspace(project, (), env)

    def asked(**given: Any) -> Callable[[], object]:
        return lambda: asyncio.run(tool.run(GitParams(**given), _context(workspace, folder)))

    def plain(*arguments: str) -> Callable[[], object]:
        command = ["git", "-C", str(project), *arguments]
        return lambda: subprocess.run(command, check=True, capture_output=True, env=env)

    pairs = {
        "status": (asked(action="status"), plain("status", "--porcelain")),
        "diff": (asked(action="diff"), plain("diff")),
    }
    report.title(f"Reading a repository of {FILES:,} files, {_CHANGED} of them changed (wall, medians of {runs})")
    for name, (ours, theirs) in pairs.items():
        ours(), theirs()
        found = [(_timed(theirs), _timed(ours)) for _ in range(runs)]
        base, own = (statistics.median(times) for times in zip(*found, strict=True))
        report.figure(f"plain git {name}", f"{base:.3f} s")
        report.bar(f"Git tool {name}", own, 0.4, " s")
        if name == "status":
            report.bar("Git tool status against plain git", own / base, 1.5, "x")


async def _nobody(request: Request) -> Reply:
    return Deny("nobody", nobody=True)


def _context(workspace: LocalWorkspace, folder: Path) -> ToolContext:
    control: Any = None
    return ToolContext("toolu_1", workspace, control, _nobody, lambda text: None, folder, lambda path: path)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
