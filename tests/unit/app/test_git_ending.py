"""A git that is ended in the middle: no lock of ours stays, nothing it started goes on, and the model is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from coder.git.theirs import TheirGit
from coder.tools.git.ground import failure
from tests.support.gitbench import GitBench

BLOCKS = ("mkfifo ../pipe", "exec 9> ../alive", "echo ready >&9", "read line < ../pipe")


class Hook:
    """What is heard of a hook that waits for ever: that it has begun, and that it and all it started are gone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "alive"
        os.mkfifo(self._path)

    async def begun(self) -> None:
        self._file = await asyncio.to_thread(self._path.open)
        assert await asyncio.to_thread(self._file.readline) == "ready\n"

    async def gone(self) -> None:
        with self._file:
            assert await asyncio.to_thread(self._file.read) == ""


@pytest.mark.behaviour("B-1434")
@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_cancelled_commit_leaves_no_lock_and_no_hook(tmp_path: Path, stubborn: bool) -> None:
    bench = GitBench(tmp_path)
    hook = Hook(tmp_path)
    bench.hook("pre-commit", *(["trap '' TERM"] if stubborn else []), *BLOCKS)
    bench.write("a.txt", "two\n")
    bench.run("add", "a.txt")
    running = asyncio.ensure_future(bench.git("commit", message="x", paths=["a.txt"]))
    await hook.begun()
    assert (bench.project / ".git/index.lock").exists()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not list((bench.project / ".git").rglob("*.lock"))
    await hook.gone()
    assert bench.run("log", "--format=%s") == "first"
    assert bench.run("status", "--porcelain") == "M  a.txt"
    assert not list(bench.spill.glob("git-*"))
    await bench.aclose()


@pytest.mark.behaviour("B-1434")
async def test_one_that_takes_too_long_is_ended_and_what_it_printed_is_told(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    hook = Hook(tmp_path)
    bench.hook("pre-commit", "echo checking everything", *BLOCKS)
    bench.write("a.txt", "two\n")
    bench.run("add", "a.txt")
    theirs = TheirGit(bench.env, (bench.project,))
    begun = asyncio.ensure_future(hook.begun())
    done = await theirs.run(bench.project, "commit", "-m", "x", seconds=1.0)
    await begun
    await hook.gone()
    assert done.is_late and done.code is None and "checking everything" in done.said
    told = str(failure(done, "git commit"))
    assert "took more than" in told and "checking everything" in told
    assert not list((bench.project / ".git").rglob("*.lock"))
    await bench.aclose()


@pytest.mark.behaviour("B-1435")
async def test_endless_output_is_cut_in_the_middle(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.hook(
        "pre-commit", "echo first words", "head -c 20000000 /dev/zero | tr '\\0' x", "echo; echo last words", "exit 1"
    )
    bench.write("a.txt", "two\n")
    theirs = TheirGit(bench.env, (bench.project,))
    done = await theirs.run(bench.project, "commit", "-am", "x", seconds=60)
    assert done.said.startswith("first words") and done.said.endswith("last words")
    assert "bytes are left out" in done.said and len(done.said) < 70_000
    await bench.aclose()


async def test_what_a_hook_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    hook = Hook(tmp_path)
    bench.hook("post-commit", f"({'; '.join(BLOCKS)}) &")
    begun = asyncio.ensure_future(hook.begun())
    bench.write("a.txt", "two\n")
    await bench.git("commit", message="x", paths=["a.txt"])
    await begun
    (tmp_path / "pipe").write_text("go on\n")
    await hook.gone()
    await bench.aclose()


async def test_without_git(tmp_path: Path) -> None:
    done = await TheirGit({"PATH": "/nowhere"}, ()).run(tmp_path, "status", seconds=1)
    assert done.code is None and "not installed" in done.said
    done = await TheirGit({"PATH": os.environ["PATH"]}, ()).run(tmp_path, "log", "a\0b", seconds=1)
    assert done.code is None and "could not be started" in done.said
