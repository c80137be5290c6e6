"""Repositories made by an attacker, and bad luck, with the real command line: what was found by trying to break it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from coder.checkpoints.gitindex import read_index
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.gitting import Asking
from tests.support.repositories import Repository
from tests.support.worktrees import Ground

FATAL_GIT = """#!/bin/sh
case "$*" in *"{words}"*) [ -z "$FIRST" ] || {git} "$@"; kill -9 $PPID; exit 1;; esac
exec {git} "$@"
"""
BYPASS = ("--permission-mode", "bypassPermissions")
PIPES = (
    *("index", "packed-refs", "logs/refs/stash", "info/exclude", "refs/heads/main"),
    *("rebase-merge/head-name", "worktrees/x/gitdir"),
)


@pytest.fixture
def shop(place: Place) -> Repository:
    return Repository.shop(place)


def pipe(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


@pytest.mark.behaviour("B-1550")
def test_a_pipe_in_the_place_of_gits_settings_holds_no_session_up(place: Place, shop: Repository) -> None:
    file = pipe(shop.folder / ".git" / "config")
    script = [turn(tool("Git", action="status")), turn(tool("Bash", command="echo x > new.txt")), turn("Done.")]
    with fake_api(script) as api:
        done = place.coder("-p", "go", "--auto-commit", *BYPASS, url=api.url, timeout=30)
        assert (done.code, done.stdout) == (0, "Done.\n"), done.stderr
        assert f"{file} is no ordinary file" in json.dumps(api.requests[1]["messages"][-1])
    assert f"Not committed: {file} is no ordinary file" in done.stderr
    assert (shop.folder / "new.txt").exists()


@pytest.mark.behaviour("B-1550")
@pytest.mark.parametrize("name", PIPES)
async def test_no_git_is_started_where_it_would_wait_for_a_pipe(name: str, shop: Repository) -> None:
    file = shop.folder / ".git" / name
    if name.startswith("worktrees"):
        shop.git("worktree", "add", "-q", "../x")
    pipe(file)
    folder = shop.folder.parent / "x" if name.startswith("worktrees") else shop.folder
    assert await Asking(shop, folder)("status") == (
        f"error: {file} is no ordinary file, so the repository in {folder} is not read. Remove it."
    )


@pytest.mark.behaviour("B-1550")
async def test_the_socket_of_gits_own_monitor_is_no_reason(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder / ".git")
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.bind("fsmonitor--daemon.ipc")
        (shop.folder / ".git" / "gone").symlink_to("nowhere")
        assert (await Asking(shop)("status")).startswith("On branch main.")


@pytest.mark.behaviour("B-1550")
def test_an_index_that_is_a_pipe_is_none(tmp_path: Path) -> None:
    writer = os.open(pipe(tmp_path / "index"), os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"DIRC\0\0\0\2\0\0\0\0")
    try:
        assert read_index(tmp_path / "index") is None
    finally:
        os.close(writer)


@pytest.mark.behaviour("B-1551")
def test_saving_what_is_staged_runs_no_filter(place: Place, tmp_path: Path) -> None:
    ground, sung = Ground.make(place), tmp_path / "sung"
    ground.repository.write(".gitattributes", "*.md filter=trap\n")
    ground.repository.commit("shop: attributes")
    ground.run(work="echo precious > staged.txt; git add staged.txt")
    ground.repository.git("config", "filter.trap.clean", f"touch '{sung}'; cat")
    os.utime(ground.repository.folder / ".git/worktrees/task/index", (1, 1))
    done = place.coder("worktree", "remove", "task", "--force")
    assert done.code == 0 and "/index" in done.stdout, done.stderr
    assert not sung.exists() and "precious" in ground.everything()


def killed_at(place: Place, words: str) -> dict[str, str]:
    """The environment in which coder is killed when it has git do this."""
    git = place.home.parent / "fatal" / "git"
    git.parent.mkdir(exist_ok=True)
    git.write_text(FATAL_GIT.format(words=words, git=shutil.which("git")))
    git.chmod(0o755)
    return {"PATH": f"{git.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.behaviour("B-1552")
def test_an_undo_that_was_killed_behind_the_files_comes_again_whole(place: Place, shop: Repository) -> None:
    with fake_api([turn(tool("Bash", command="echo x > made.txt; rm shop/tax.py")), turn("Done.")]) as api:
        place.coder("-p", "go", "--auto-commit", *BYPASS, url=api.url)
    assert place.coder("undo", env=killed_at(place, "symbolic-ref -m coder:")).code < 0
    assert (shop.folder / "shop/tax.py").exists() and shop.git("branch", "--show-current") != "main"
    assert place.coder("undo").code == 0
    assert (shop.git("branch", "--show-current"), shop.git("status", "--short")) == ("main", "")
    assert place.coder("undo", "--redo").code == 0
    assert (shop.folder / "made.txt").exists() and not (shop.folder / "shop/tax.py").exists()
    assert shop.git("status", "--short") == "" and shop.git("branch", "--show-current") != "main"
    assert place.coder("undo").code == 0 and shop.git("status", "--short") == ""


@pytest.mark.behaviour("B-1552")
def test_an_undo_that_was_killed_when_all_was_done_is_done(place: Place, shop: Repository) -> None:
    with fake_api([turn(tool("Bash", command="echo x > made.txt")), turn("Done.")]) as api:
        place.coder("-p", "go", "--auto-commit", *BYPASS, url=api.url)
    env = killed_at(place, "update-ref -m coder: undo -d")
    assert place.coder("undo", env={**env, "FIRST": "git"}).code < 0
    assert shop.git("for-each-ref", "--format=%(refname:short)", "refs/heads") == "main"
    done = place.coder("undo")
    assert (done.code, shop.git("status", "--short")) == (0, ""), done.stderr
    assert "made no commit" in place.coder("undo").stderr
    assert place.coder("undo", "--redo").code == 0 and (shop.folder / "made.txt").exists()


@pytest.mark.behaviour("B-1553")
async def test_a_commit_with_thousands_of_branches_leaves_room(shop: Repository) -> None:
    head = shop.git("rev-parse", "HEAD")
    packed = "".join(f"{head} refs/heads/many/{number:05}\n" for number in range(5_000))
    (shop.folder / ".git" / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{packed}")
    ask = Asking(shop)
    told = [await ask(action) for action in ("show", "log", "branches")]
    assert max(map(len, told)) < 4_000
    first = told[0].partition("\n")[0]
    assert first.startswith(f"commit {head} (HEAD -> main, many/") and first.endswith("…)")
