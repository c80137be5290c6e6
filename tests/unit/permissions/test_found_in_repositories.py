"""What a repository, or a folder of links, really makes git and the shell do, found out before they are run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from coder.permissions.world import LocalWorld
from coder.workspace.shell import child_environment
from tests.support.policy import policy, project

WHO = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
EVIL = "[diff]\n\texternal = {canary}\n"


class Repository:
    """`home/work` is a repository with a change in it; `canary` leaves `home/sung` when it is run."""

    def __init__(self, folder: Path) -> None:
        self.world = project(folder)
        self.top, self.home = self.world.cwd, self.world.home
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", **WHO}
        self.env = child_environment(base, self.top)
        self.canary = self.home / "canary"
        self.canary.write_text(f"#!/bin/sh\ntouch '{self.home}/sung'\n")
        self.canary.chmod(0o755)
        self.make(self.top)

    def make(self, top: Path) -> Path:
        top.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main", cwd=top)
        (top / "f.txt").write_text("one\n")
        self.git("add", "f.txt", cwd=top)
        self.git("commit", "-qm", "one", cwd=top)
        (top / "f.txt").write_text("two\n")
        return top

    def git(self, *words: str, cwd: Path | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.top, env=self.env, check=check, capture_output=True, text=True
        )
        return done.stdout

    def evil(self, file: Path) -> Path:
        with file.open("a") as out:
            out.write(EVIL.format(canary=self.canary))
        return file

    def runs(self, *words: str, cwd: Path | None = None) -> bool:
        self.git(*words, cwd=cwd, check=False)
        sung = self.home / "sung"
        found = sung.exists()
        sung.unlink(missing_ok=True)
        return found

    def verdict(self, command: str, cwd: Path | None = None) -> str:
        here = cwd or self.top
        return policy(replace(self.world, cwd=here, roots=(here,))).bash(command).verdict


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def _prefix(repository: Repository) -> Path:
    file = repository.evil(repository.top / "evil.cfg")
    repository.git("config", "include.path", "%(prefix)" + "/.." * 9 + str(file))
    return repository.top


def _tilde_inside(repository: Repository) -> Path:
    (repository.top / ".git/~").mkdir()
    repository.evil(repository.top / ".git/~/evil.cfg")
    repository.git("config", "include.path", "./~/evil.cfg")
    return repository.top


def _dots_after_a_link(repository: Repository) -> Path:
    (repository.top / "a/b").mkdir(parents=True)
    (repository.top / ".git/link").symlink_to("../a/b")
    repository.evil(repository.top / "a/evil.cfg")
    repository.git("config", "include.path", "link/../evil.cfg")
    return repository.top


def _blank_at_the_end(repository: Repository) -> Path:
    (repository.top / ".git").rename(repository.top / "g ")
    subprocess.run(["cp", "-r", "g ", "g"], cwd=repository.top, check=True)
    repository.evil(repository.top / "g /config")
    (repository.top / ".git").write_text("gitdir: g \n")
    return repository.top


def _blank_in_commondir(repository: Repository) -> Path:
    (repository.top / ".git").rename(repository.top / "g ")
    subprocess.run(["cp", "-r", "g ", "g"], cwd=repository.top, check=True)
    repository.evil(repository.top / "g /config")
    own = repository.top / ".git"
    own.mkdir()
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text("../g \n")
    return repository.top


def _nothing_in_it(repository: Repository) -> Path:
    repository.evil(repository.top / ".git/config")
    (repository.top / "sub/.git").mkdir(parents=True)
    return repository.top / "sub"


def _linked_head(repository: Repository) -> Path:
    repository.evil(repository.top / ".git/config")
    sub = repository.make(repository.top / "sub")
    (sub / ".git/HEAD").rename(sub / ".git/other")
    (sub / ".git/HEAD").symlink_to("other")
    return sub


def _no_gitdir(repository: Repository) -> Path:
    repository.evil(repository.top / ".git/config")
    link = repository.home / "link"
    (repository.top / "sub").mkdir()
    link.symlink_to(repository.top / "sub")
    return link


@pytest.mark.behaviour("B-726")
@pytest.mark.parametrize(
    "hostile",
    [
        _prefix,
        _tilde_inside,
        _dots_after_a_link,
        _blank_at_the_end,
        _blank_in_commondir,
        _nothing_in_it,
        _linked_head,
        _no_gitdir,
    ],
)
def test_settings_are_looked_for_where_git_looks(
    repository: Repository, hostile: Callable[[Repository], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository.top))
    assert repository.verdict("git diff HEAD") == "allow"
    folder = hostile(repository)
    assert repository.runs("diff", "HEAD", cwd=folder)
    assert repository.verdict("git diff HEAD", folder) == "ask"


def _linked(repository: Repository, other: Path) -> None:
    (repository.top / ".git").symlink_to(other / ".git")


def _named(repository: Repository, other: Path) -> None:
    (repository.top / ".git").write_text(f"gitdir: {other}/.git\n")


def _shared(repository: Repository, other: Path) -> None:
    own = repository.top / ".git"
    own.mkdir()
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text(f"{other}/.git\n")


def _lent(repository: Repository, other: Path) -> None:
    repository.git("init", "-q", "-b", "main")
    (repository.top / ".git/objects/info/alternates").write_text(f"{other}/.git/objects\n")
    (repository.top / ".git/refs/heads/main").write_text(repository.git("rev-parse", "HEAD", cwd=other))


def _objects(repository: Repository, other: Path) -> None:
    _lent(repository, other)
    subprocess.run(["rm", "-r", str(repository.top / ".git/objects")], check=True)
    (repository.top / ".git/objects").symlink_to(other / ".git/objects")


@pytest.mark.parametrize("borrow", [_linked, _named, _shared, _lent, _objects])
def test_a_folder_that_takes_another_repository_for_its_own_asks(
    repository: Repository, borrow: Callable[[Repository, Path], None]
) -> None:
    other = repository.make(repository.home / "other")
    (repository.top / ".git").rename(repository.home / "put-away")
    borrow(repository, other)
    assert "one" in repository.git("show", "HEAD:f.txt")
    assert repository.verdict("git show HEAD:f.txt") == "ask"
    assert repository.verdict("git log") == "ask"


def test_a_git_folder_without_objects_of_its_own_asks(repository: Repository) -> None:
    other = repository.make(repository.home / "other")
    folder = repository.top / "sub"
    folder.mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "commondir").write_text(f"{other}/.git\n")
    assert repository.git("-c", "safe.bareRepository=all", "rev-parse", "--git-common-dir", cwd=folder).startswith(
        str(other)
    )
    assert repository.verdict("git log", folder) == "ask"


@pytest.mark.parametrize("name", ["config", "config.worktree"])
def test_settings_that_are_a_link_elsewhere_ask(repository: Repository, name: str) -> None:
    (repository.home / "creds").write_text("[pypi]\n\tpassword = hidden\n")
    repository.git("config", "extensions.worktreeConfig", "true")
    (repository.top / ".git" / name).unlink(missing_ok=True)
    (repository.top / ".git" / name).symlink_to(repository.home / "creds")
    assert repository.verdict("git config --list") == "ask"


def test_worktrees_and_submodules_of_a_repository_elsewhere_are_not_asked_about(repository: Repository) -> None:
    tree = repository.home / "tree"
    repository.git("worktree", "add", "-q", str(tree))
    assert repository.verdict("git status", tree) == "allow"
    other = repository.make(repository.home / "other")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    assert repository.verdict("git status", repository.top / "sub") == "allow"
    assert repository.verdict("git status") == "allow"


def test_what_a_merge_is_shown_with_runs(repository: Repository) -> None:
    (repository.top / ".gitattributes").write_text("* merge=evil\n")
    repository.git("checkout", "-qb", "side")
    repository.git("commit", "-qam", "two")
    repository.git("checkout", "-q", "main")
    (repository.top / "f.txt").write_text("three\n")
    repository.git("commit", "-qam", "three")
    repository.git("merge", "-q", "-s", "ours", "side")
    assert repository.verdict("git log -p") == "allow"
    repository.git("config", "merge.evil.driver", str(repository.canary))
    assert repository.runs("log", "-p", "--diff-merges=remerge")
    assert repository.verdict("git log -p") == "ask"


def test_a_submodule_of_the_past_runs_what_it_names(repository: Repository) -> None:
    sub = repository.make(repository.top / "sub")
    repository.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
    repository.git("commit", "-qm", "sub")
    repository.git("rm", "-q", "--cached", "sub")
    repository.git("commit", "-qm", "gone")
    repository.evil(sub / ".git/config")
    assert not repository.runs("log", "-p")
    assert repository.verdict("git log -p") == "allow"
    repository.git("config", "diff.submodule", "diff")
    assert repository.runs("log", "-p")
    assert repository.verdict("git log -p") == "ask"


def test_a_clone_that_lacks_objects_fetches_them_from_anywhere(repository: Repository) -> None:
    other = repository.make(repository.home / "other")
    for name in ("allowFilter", "allowAnySHA1InWant"):
        repository.git("config", f"uploadpack.{name}", "true", cwd=other)
    part = repository.home / "part"
    repository.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{other}", str(part))
    assert repository.verdict("git show HEAD:f.txt", part) == "ask"
    assert "one" in repository.git("show", "HEAD:f.txt", cwd=part)


@pytest.fixture
def linked(tmp_path: Path) -> LocalWorld:
    """`links/inner` leads to `src/inner`; beside `src` and beside the working directory lies something to keep."""
    world = project(tmp_path)
    (world.home / "private").mkdir()
    for file in ("src/.env", ".hidden", "a.txt", "../private/secret.txt", "links/.env.example"):
        path = world.cwd / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("SEC\n")
    (world.cwd / "src/inner").mkdir()
    (world.cwd / "links/inner").symlink_to("../src/inner")
    (world.cwd / "links/out").symlink_to("../../private/deep")
    (world.home / "private/deep").mkdir()
    (world.home / "private/deep/x.txt").write_text("SEC\n")
    return world


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        ("cat links/out/../sec*", "ask"),
        ("cat links/out/../*.txt", "ask"),
        ("cat links/out/../dee?/x.txt", "ask"),
        ("cat links/inner/../.en*", "deny"),
        ("cat links/.en*", "allow"),
        ("cat .?/private/secret.txt", "ask"),
        ("cat .*/private/secret.txt", "ask"),
        ("cat .[.]/private/secret.txt", "ask"),
        ("cat .[--9]/private/secret.txt", "ask"),
        ("ls -d .?", "ask"),
        ("ls -d .[!.]*", "allow"),
        ("ls -d .[a-z]*", "allow"),
        ("cat .h*", "allow"),
        ("cat *.txt", "allow"),
    ],
)
def test_wildcards_stand_for_all_that_some_shell_takes_them_for(linked: LocalWorld, command: str, verdict: str) -> None:
    assert policy(linked, deny=["Read(src/.env)"]).bash(command).verdict == verdict


@pytest.mark.parametrize("command", ["diff 'a\0b' c", "grep -r x 'a\0b'", "cp -r 'a\0b' c", "cd 'a\0b' && git status"])
def test_a_name_with_a_nul_gets_an_answer(tmp_path: Path, command: str) -> None:
    for mode in ("default", "acceptEdits"):
        judge = policy(project(tmp_path), mode, deny=["Read(.env)"])
        assert judge.bash(command).verdict in ("ask", "deny", "allow")
