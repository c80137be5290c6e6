"""Worktrees in repositories that set traps, and in places where none can be made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ConfigError
from coder.git.call import Git
from coder.git.worktrees.files import files_of
from coder.git.worktrees.removal import removed
from coder.git.worktrees.trees import check_name, main_checkout, named
from tests.support.cli import Done, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.repositories import Repository
from tests.support.worktrees import IDENTITY, Ground

NOBODY = "http://127.0.0.1:9"
NAMES = (
    "-x",
    "../x",
    ".git",
    ".GIT",
    "a/b",
    "a..b",
    "x.lock",
    "x.",
    "über",
    "\u202egit",
    ".g\u200cit",
    "a b",
    "x" * 300,
    "a\n",
)


@pytest.fixture
def ground(place: Place) -> Ground:
    return Ground.make(place)


def refused(place: Place, name: str = "task") -> Done:
    done = place.coder("-p", "go", f"--worktree={name}", url=NOBODY)
    assert done.code == 2 and len(done.stderr.splitlines()) == 1, done.stderr
    return done


@pytest.mark.behaviour("B-1492")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_makes_nothing(ground: Ground, name: str) -> None:
    assert "cannot be the name of a worktree" in refused(ground.place, name).stderr
    assert not (ground.repository.folder / ".claude").exists() and ground.branches() == ["main"]


@pytest.mark.behaviour("B-1492")
@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9._-]{1,70}", fullmatch=True))
def test_a_name_is_one_folder_and_a_branch_that_git_takes(name: str) -> None:
    try:
        check_name(name)
    except ConfigError:
        return
    assert Path(name).name == name and not name.startswith((".", "-")) and len(name) <= 64
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/worktree-{name}"], check=False).returncode == 0


@pytest.mark.behaviour("B-1492")
@pytest.mark.parametrize("place_of_link", [".claude", ".claude/worktrees", ".claude/worktrees/task"])
def test_a_link_leads_nowhere(ground: Ground, tmp_path: Path, place_of_link: str) -> None:
    outside = tmp_path / "outside"
    (outside / "worktrees").mkdir(parents=True)
    link = ground.repository.folder / place_of_link
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    assert "is a symbolic link" in refused(ground.place).stderr
    assert [path.name for path in outside.rglob("*")] == ["worktrees"] and ground.branches() == ["main"]


@pytest.mark.behaviour("B-1492")
@pytest.mark.parametrize("what", ["folder", "file", "repository"])
def test_what_is_there_already_stays_as_it_is(ground: Ground, what: str) -> None:
    ground.tree().parent.mkdir(parents=True)
    if what == "file":
        ground.tree().write_text("mine")
    else:
        ground.tree().mkdir()
        (ground.tree() / "mine").write_text("mine")
    if what == "repository":
        subprocess.run(["git", "init", "-q", str(ground.tree())], check=True)
    refused(ground.place)
    held = ground.tree() if what == "file" else ground.tree() / "mine"
    assert held.read_text() == "mine" and ground.branches() == ["main"]


@pytest.mark.behaviour("B-1504")
@pytest.mark.parametrize("what", ["no repository", "unborn", "bare", "bare with a folder"])
def test_where_none_can_be_made(place: Place, what: str) -> None:
    if what == "unborn":
        Repository.make(place)
    elif what == "bare":
        subprocess.run(["git", "init", "-q", "--bare", str(place.project)], check=True)
    elif what == "bare with a folder":
        Repository.shop(place).git("config", "core.bare", "true")
    assert "epository" in refused(place).stderr or what == "unborn"
    assert not (place.project / ".claude").exists()


@pytest.mark.behaviour("B-1493")
@pytest.mark.behaviour("B-1490")
def test_nothing_of_the_repository_is_run(ground: Ground, tmp_path: Path) -> None:
    sung, repository = tmp_path / "sung", ground.repository
    sung.mkdir()
    repository.write(".gitattributes", "*.md filter=trap\n*.py filter=persons\n*.txt diff=trap merge=trap\n")
    repository.write("note.txt", "note\n")
    repository.commit("shop: attributes")
    trap = f"touch '{sung}/NAME'; cat"
    for key, name in (
        *(("filter.trap.smudge", "smudge"), ("filter.trap.clean", "clean"), ("filter.trap.process", "process")),
        *(("core.fsmonitor", "fsmonitor"), ("core.pager", "pager")),
        *(("diff.trap.textconv", "textconv"), ("diff.external", "external"), ("merge.trap.driver", "driver")),
        *(
            ("core.sshCommand", "ssh"),
            ("credential.helper", "helper"),
            ("gpg.program", "gpg"),
            ("core.editor", "editor"),
        ),
    ):
        repository.git("config", key, trap.replace("NAME", name))
    repository.git("config", "filter.trap.required", "true")
    repository.git("config", "submodule.recurse", "true")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "post-commit"):
        for folder in (hooks, repository.folder / ".git" / "hooks"):
            (folder / name).write_text(f"#!/bin/sh\ntouch '{sung}/hook-{name}'\n")
            (folder / name).chmod(0o755)
    repository.git("-c", "core.hooksPath=/dev/null", "config", "core.hooksPath", str(hooks))
    with (ground.place.home / ".gitconfig").open("a") as file:
        file.write(f'[filter "persons"]\n\tsmudge = "touch \'{tmp_path}/persons\'; cat"\n\tclean = cat\n')
    for path in sung.iterdir():
        path.unlink()
    with fake_api([turn("Hi.")]) as api:
        done = ground.place.coder("-p", "go", "-w", "task", url=api.url)
    assert done.code == 0 and "is removed" in done.stderr, done.stderr
    assert list(sung.iterdir()) == [] and (tmp_path / "persons").exists()
    with fake_api([turn("Hi.")]) as api:
        ground.run(work="echo precious > fresh.txt")
    for path in sung.iterdir():
        path.unlink()
    assert ground.place.coder("worktree", "list").code == 0
    assert ground.place.coder("worktree", "remove", "task").code == 2
    assert ground.place.coder("worktree", "remove", "task", "--force").code == 0
    assert list(sung.iterdir()) == []


@pytest.mark.behaviour("B-1493")
def test_a_list_of_what_git_ignores_that_is_a_link_is_left_alone(ground: Ground, tmp_path: Path) -> None:
    exclude, mine = ground.repository.folder / ".git" / "info" / "exclude", tmp_path / "mine"
    mine.write_text("mine\n")
    exclude.unlink(missing_ok=True)
    exclude.symlink_to(mine)
    done = ground.run()
    assert "cannot be written" in done.stderr and mine.read_text() == "mine\n"


@pytest.mark.behaviour("B-1490")
@pytest.mark.parametrize("change", ["new", "rewritten"])
def test_what_comes_while_it_is_removed_stays(ground: Ground, change: str) -> None:
    ground.run(work="echo precious > fresh.txt")
    (ground.tree() / "fresh.txt").unlink()
    main = main_checkout(ground.repository.folder)
    git = Git({"PATH": "/usr/bin:/bin", "HOME": str(ground.place.home)}, ())
    tree = named(main, "task")
    assert tree is not None
    seen = files_of(git, main, tree)
    assert seen.at_stake == () and seen.problem == ""
    if change == "new":
        (tree.path / "shop" / "late.txt").write_text("precious")
    else:
        (tree.path / "README.md").write_text("precious")
    assert removed(git, main, tree, seen) != ""
    late = tree.path / ("shop/late.txt" if change == "new" else "README.md")
    assert late.read_text() == "precious"
    assert change == "new" or ((tree.path / ".gitignore").exists() and (tree.path / "shop" / "cart.py").exists())
    ground.repository.git("worktree", "prune")
    assert named(main, "task") is not None


@pytest.mark.behaviour("B-1495")
@pytest.mark.behaviour("B-1496")
def test_a_worktree_whose_folder_is_gone_is_forgotten_with_nothing_lost(ground: Ground) -> None:
    commit = f"echo precious > a; git add a; {IDENTITY} commit -qm a; echo staged-alone > b; git add b"
    ground.run(work=commit)
    subprocess.run(["rm", "-r", str(ground.tree())], check=True)
    assert "its folder is gone" in ground.place.coder("worktree", "list").stdout
    assert "coder worktree remove task" in refused(ground.place).stderr
    assert ground.place.coder("worktree", "remove", "task").code == 2
    gone = ground.place.coder("worktree", "remove", "task", "--force")
    assert gone.code == 0 and "refs/coder/kept/task-" in gone.stdout
    log = ground.repository.git("log", "--all", "-p")
    assert "precious" in log and "staged-alone" in log
