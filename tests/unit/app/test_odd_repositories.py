"""faults.md D02: repositories in every state a person may leave them in. Checkpoints work, nothing of git changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coder.core.events import CheckpointTaken
from tests.support.rewinding import Bench, git, git_state, tree


def committed(project: Path) -> None:
    git(project, "init", "-q", "-b", "main")
    (project / "a.txt").write_text("one\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    (project / "a.txt").write_text("two\n")
    git(project, "commit", "-qam", "two")


def unborn(project: Path) -> None:
    git(project, "init", "-q")
    (project / "a.txt").write_text("staged\n")
    git(project, "add", "-A")


def detached(project: Path) -> None:
    committed(project)
    git(project, "checkout", "-q", "--detach", "HEAD~1")


def locked(project: Path) -> None:
    committed(project)
    (project / ".git/index.lock").touch()


def conflicting(project: Path) -> None:
    committed(project)
    git(project, "checkout", "-qb", "side", "HEAD~1")
    (project / "a.txt").write_text("side\n")
    git(project, "commit", "-qam", "side")
    git(project, "rebase", "main", check=False)


def bare_inside(project: Path) -> None:
    committed(project)
    git(project, "init", "-q", "--bare", "inner.git")


def with_submodule(project: Path) -> None:
    committed(project)
    committed_elsewhere = project.parent / "module"
    committed_elsewhere.mkdir()
    committed(committed_elsewhere)
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(committed_elsewhere), "module")


def broken(project: Path) -> None:
    committed(project)
    (project / ".git/HEAD").write_text("nonsense\n")


def with_hostile_settings(project: Path) -> None:
    """Everything that can make git run a program does."""
    committed(project)
    hook = project / ".git/hooks/post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch {project.parent}/ran\n")
    hook.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "filter.x.smudge",
        "filter.x.clean",
    ):
        git(project, "config", key, f"touch {project.parent}/ran")
    (project / ".gitattributes").write_text("* filter=x\n")


@pytest.mark.behaviour("B-450")
@pytest.mark.parametrize(
    "make", [unborn, detached, locked, conflicting, bare_inside, with_submodule, broken, with_hostile_settings]
)
async def test_d02_files_come_back_and_git_stays_as_it_is(tmp_path: Path, make: Callable[[Path], None]) -> None:
    bench = Bench(tmp_path)
    make(bench.project)
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash("rm a.txt; echo new > new; git reset -q --hard; true")
    (tmp_path / "ran").unlink(missing_ok=True)  # the command itself may have run it
    assert any(isinstance(event, CheckpointTaken) for event in bench.events)
    own = git_state(bench.project) if make is not broken else {}
    await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    assert (git_state(bench.project) if make is not broken else {}) == own
    await bench.bash("echo more > a.txt")
    assert not (tmp_path / "ran").exists()
    await bench.aclose()
