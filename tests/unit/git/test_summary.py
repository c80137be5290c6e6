"""A look at repositories in all their states: real git, real files."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from coder.app.context import git_state
from coder.git.call import Git
from coder.git.repository import repository_of
from coder.git.summary import Came, Summary, came, look

ENV = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
WHO = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always")


def git(folder: Path, *words: str, code: int = 0) -> str:
    env = ENV | {"HOME": str(folder), "GIT_EDITOR": "true"}
    done = subprocess.run(["git", *WHO, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


def seen(folder: Path, env: dict[str, str] | None = None) -> Summary:
    repository = repository_of(folder)
    assert repository is not None
    asked = Git(ENV | {"HOME": str(folder.parent)} | (env or {}), (folder,), seconds=60)
    return asyncio.run(look(asked, repository, folder, (folder,)))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Two branches that change one file differently."""
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q")
    for branch, text in (("", "1"), ("side", "2"), ("main", "3")):
        if branch:
            git(top, "checkout", "-q", *(["-b"] if branch == "side" else []), branch)
        (top / "a").write_text(text)
        git(top, "add", "a")
        git(top, "commit", "-qm", f"commit {text}")
    return top


@pytest.mark.behaviour("B-1447")
def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("")
    found = seen(tmp_path)
    assert (found.branch, found.commit, found.commits, found.problem) == ("main", "", (), "")
    assert found.status and [change.path for change in found.status.untracked] == ["a"]
    assert git_state(tmp_path) == f"yes, {tmp_path}, on branch main"


@pytest.mark.behaviour("B-1447")
def test_detached_and_in_the_middle_of_things(top: Path) -> None:
    git(top, "checkout", "-q", "--detach")
    found = seen(top)
    assert (found.branch, found.main, found.commit) == ("", "main", git(top, "rev-parse", "HEAD"))
    git(top, "checkout", "-q", "main")
    git(top, "merge", "side", code=1)
    found = seen(top)
    assert [each.doing for each in found.underway] == ["merge"]
    assert found.status and [change.path for change in found.status.conflicts] == ["a"]
    git(top, "merge", "--abort")
    git(top, "rebase", "side", code=1)
    (step,) = seen(top).underway
    assert (step.doing, step.step, step.steps) == ("rebase", 1, 1)


@pytest.mark.behaviour("B-1447")
def test_linked_work_trees_submodules_and_bare_ones(top: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(top, "worktree", "add", "-q", str(linked), "side")
    assert (seen(linked).branch, seen(linked).main) == ("side", "main")
    assert git_state(linked) == f"yes, {linked} (a linked work tree of {top}), on branch side"
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "submodule", "--quiet", "add", str(top), "sub")
    assert git_state(other / "sub", tells_branch=False) == f"yes, {other / 'sub'} (a submodule)"
    assert seen(other / "sub").status is not None
    bare = tmp_path / "bare.git"
    git(top, "clone", "-q", "--bare", ".", str(bare))
    assert git_state(bare) == f"a bare one without a work tree, {bare}, on branch main"
    assert git_state(top / ".git").startswith(f"yes, {top}")


@pytest.mark.behaviour("B-1447")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_somebody_else(top: Path) -> None:
    for path in (top, top / ".git"):
        os.chown(path, 12345, 12345)
    found = seen(top)
    assert found.branch == "main" and found.status is None
    assert "safe.directory" in found.problem and not found.is_slow


@pytest.mark.behaviour("B-1447")
def test_without_git(top: Path, tmp_path: Path) -> None:
    found = seen(top, {"PATH": str(tmp_path)})
    assert (found.branch, found.status, found.is_slow) == ("main", None, True)
    assert "git is not installed" in found.problem


@pytest.mark.behaviour("B-1445")
@pytest.mark.timeout(30)
def test_one_that_answers_slowly_is_given_up_as_a_whole(top: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text('#!/bin/sh\ncase "$*" in *porcelain*) exec sleep 60;; esac\nPATH=/usr/bin:/bin exec git "$@"\n')
    program.chmod(0o755)
    found = seen(top, {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert (found.branch, found.status, found.is_slow) == ("main", None, True)
    assert found.problem == "git took too long"


@pytest.mark.behaviour("B-1442")
def test_what_came_in_between_two_heads(top: Path) -> None:
    asked = Git(ENV, (top,))
    main, side = git(top, "rev-parse", "main"), git(top, "rev-parse", "side")
    found = asyncio.run(came(asked, top, side, main))
    assert ([each.subject for each in found.commits], found.count, found.lost) == (["commit 3"], 1, 1)
    assert asyncio.run(came(asked, top, "0" * 40, main)) == Came()


def test_a_huge_untracked_folder_is_one_line(top: Path) -> None:
    (top / "many").mkdir()
    for number in range(2_000):
        (top / "many" / str(number)).write_text("")
    found = seen(top)
    assert found.status and [change.path for change in found.status.changes] == ["many/"]


@pytest.mark.behaviour("B-1440")
def test_the_main_branch_is_what_origin_calls_so_else_a_usual_name(top: Path, tmp_path: Path) -> None:
    git(top, "branch", "-m", "main", "develop")
    assert seen(top).main == ""
    git(top, "clone", "-q", str(top), str(tmp_path / "clone"))
    assert seen(tmp_path / "clone").main == "develop"
    git(top, "branch", "master")
    git(top, "pack-refs", "--all")
    assert seen(top).main == "master"
