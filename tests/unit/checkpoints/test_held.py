"""The repository goes, or what it held: the files it spared us reading come back all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.rewinding import Bench, git, tree

_KILLED = (
    "import asyncio, os, sys\n"
    "from pathlib import Path\n"
    "from tests.support.rewinding import Bench\n"
    "async def main():\n"
    "    bench = Bench(Path(sys.argv[1]))\n"
    "    bench.prompt('p')\n"
    "    await bench.bash(f'rm -rf .git src; kill -9 {os.getpid()}; sleep 100')\n"
    "asyncio.run(main())\n"
)


def committed(project: Path) -> None:
    """A repository as git sees it after a while: its index tells the contents."""
    (project / "src").mkdir()
    for name in ("src/a.py", "src/b.py", "README"):
        (project / name).write_text(f"{name}\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    settle(project)


def settle(project: Path) -> None:
    later = time.time() + 60
    os.utime(project / ".git" / "index", (later, later))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "commands",
    [
        ["rm -rf .git src"],
        ["find . -delete"],
        ['rm -rf "$PWD"'],
        ["python3 -c \"import shutil; shutil.rmtree('.git')\"", "rm -rf src"],
        ["git update-ref -d HEAD; git rm -rqf .; git reflog expire --expire=now --all; git gc -q --prune=now"],
    ],
)
async def test_what_was_deleted_with_its_repository_comes_back(
    tmp_path: Path, commands: list[str], packed: bool
) -> None:
    bench = Bench(tmp_path)
    committed(bench.project)
    if packed:
        git(bench.project, "gc", "-q")
        settle(bench.project)
    before = tree(bench.project)
    bench.prompt("p")
    for command in commands:
        await bench.bash(command)
    assert not (bench.project / "src").exists()
    await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    await bench.aclose()
    assert not list((bench.state / "file-history" / "held").iterdir())


@pytest.mark.parametrize("lost", ["repository", "store"])
async def test_what_an_earlier_session_looked_at_is_read_again_when_it_is_kept_nowhere(
    tmp_path: Path, lost: str
) -> None:
    bench = Bench(tmp_path)
    committed(bench.project)
    (bench.project / "new.txt").write_text("new\n")
    bench.prompt("p")
    for number in range(3):  # what was written just now is looked at twice
        await bench.bash(f"sleep 0.02; echo > made{number}")
    await bench.aclose()
    if lost == "repository":
        shutil.rmtree(bench.project / ".git")
        git(bench.project, "init", "-q")
    else:
        for file in (bench.state / "file-history").glob("contents.db*"):
            file.unlink()
    before = tree(bench.project)
    again = Bench(tmp_path, session_id="session-2")
    again.prompt("q")
    await again.bash("rm -rf src new.txt")
    await again.checkpoints.rewind("q", "files")
    assert tree(again.project) == before
    await again.aclose()


async def test_going_back_from_outside_takes_nothing_from_a_session_that_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    committed(bench.project)
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash("echo more >> README")
    outside = Bench(tmp_path)
    await outside.checkpoints.rewind("p", "files")
    await outside.aclose()
    await bench.bash("rm -rf .git src")
    await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    await bench.aclose()


async def test_what_a_killed_process_held_brings_its_last_command_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    committed(bench.project)
    before = tree(bench.project)
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], cwd=Path(__file__).parents[3])
    assert done.returncode == -9
    await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    await bench.aclose()
    assert not list((bench.state / "file-history" / "held").iterdir())


async def test_a_killed_process_that_seems_to_live_for_a_moment_loses_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    committed(bench.project)
    before = tree(bench.project)
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], cwd=Path(__file__).parents[3])
    assert done.returncode == -9
    journal = bench.state / "file-history" / "session-1" / "changes.jsonl"
    holding = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1])\n"
        "fcntl.flock(file, fcntl.LOCK_SH)\n"
        "print(flush=True)\n"
        "time.sleep(0.2)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holding, str(journal)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    await bench.aclose()
