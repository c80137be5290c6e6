"""`coder who` over the journals of many sessions, and what noting refs costs round a command with many branches."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

from bench.cases import CODER
from bench.measure import interleaved, median
from bench.report import Report
from coder.checkpoints.changelog import Begun, ChangeSet, Mark, Record, write_log
from coder.checkpoints.entries import Change, Entry
from coder.checkpoints.refmoves import RefMoves
from coder.git.call import Git
from coder.git.reflog import Step
from coder.git.refs import RefMove, RefReader
from coder.git.repository import Repository, repository_of

SESSIONS, CHANGES, REFS = 200, 50, 1_000
_IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0")


def who(report: Report, folder: Path, runs: int) -> None:
    project, home = folder / "who-project", folder / "who-home"
    top = str(Path(__file__).resolve().parent.parent)
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": top}
    _repository(project)
    reader = RefReader(_found(project), Git(env, ()))
    time.sleep(0.1)  # what was written just now is looked at twice
    first = _milliseconds(reader)
    reader.look()
    warm = statistics.median(_milliseconds(reader) for _ in range(max(runs, 5) * 20))
    report.title(f"Who changed it: {SESSIONS} sessions of {CHANGES} changes; {REFS:,} branches")
    report.figure("the first look at loose refs", f"{first:.1f} ms")
    report.bar("a look round a command", warm, 1, " ms")
    _journals(home / ".coder" / "file-history", project)
    done = interleaved(
        {
            "file": [*CODER, "who", str(project / "file7.py")],
            "folder": [*CODER, "who", str(project)],
            "HEAD": [*CODER, "who", "HEAD"],
        },
        runs,
        env,
        project,
    )
    for name in ("file", "folder", "HEAD"):
        report.bar(f"coder who {name}", median(done[name], "wall"), 1 if name == "file" else 2.5, " s")


def _milliseconds(reader: RefReader) -> float:
    started = time.process_time()
    reader.look()
    return (time.process_time() - started) * 1000


def _repository(project: Path) -> None:
    project.mkdir()
    git = ["git", "-C", str(project), *_IDENTITY]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for number in range(100):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", f"commit {number}"], check=True)
    made = "".join(f"create refs/heads/topic/{number} HEAD\n" for number in range(REFS))
    subprocess.run([*git, "update-ref", "--stdin"], input=made.encode(), check=True)


def _found(project: Path) -> Repository:
    found = repository_of(project)
    assert found is not None
    return found


def _journals(base: Path, project: Path) -> None:
    for session in range(SESSIONS):
        when = 1_700_000_000.0 + session * 1000
        records: list[Record] = []
        for number in range(CHANGES):
            id, at = f"k{session:04x}{number:04x}", when + number * 10
            if number % 10 == 0:
                records.append(Mark(f"m{id}", f"prompt {number}", at))
            records.append(Begun(id, "command", f"command {number}", (), at, (str(project),), True))
            step = Step("a" * 40, "b" * 40, int(at), f"commit: {id}")
            moves = (RefMove("branch", "main", "a" * 40, "b" * 40),)
            records.append(
                RefMoves(id, "command", "git x", str(project / ".git"), str(project), moves, (step,), at, at + 1)
            )
            before, after = (Entry("file", 0o644, number + each, f"b:{each:064x}") for each in range(2))
            changes = tuple(Change(str(project / f"file{(number + each) % 40}.py"), before, after) for each in range(3))
            records.append(ChangeSet(id, "command", f"command {number}", changes, at + 1))
        write_log(base / f"{session:08x}-0000-4000-8000-000000000000", records)
