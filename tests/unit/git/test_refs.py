"""Refs read from files say what git itself says, however they got there; odd files are nobody's harm."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.git.call import Git
from coder.git.reflog import Step, log_size, step, steps_by_git, steps_of
from coder.git.refs import Names, RefMove, RefReader, moved, names_by_git
from coder.git.repository import Repository, repository_of
from tests.support.rewinding import GIT_ENV, git

GITS = Git({"PATH": os.environ["PATH"], **GIT_ENV}, ())
COMMANDS = (
    "commit -q --allow-empty -m x",
    "branch -f a",
    "branch -f b/c",
    "branch -f b/d/e",
    "branch -D a",
    "branch -D b/c",
    "branch -m b/d/e f",
    "checkout -q a",
    "checkout -q -B b/c",
    "checkout -q --detach",
    "checkout -q main",
    "checkout -q --orphan new",
    "reset -q --hard HEAD~1",
    "stash -q -u",
    "stash drop -q",
    "stash drop -q stash@{1}",
    "stash clear",
    "pack-refs --all",
    "update-ref -d refs/heads/f",
)


def made(folder: Path) -> Repository:
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    found = repository_of(folder)
    assert found is not None
    return found


def without_worktrees(names: Names | None) -> Names:
    assert names is not None
    return {key: value for key, value in names.items() if key[0] not in ("worktree", "doing")}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=8))
def test_files_say_what_git_says(tmp_path_factory: pytest.TempPathFactory, commands: list[str]) -> None:
    repository = made(tmp_path_factory.mktemp("repository"))
    reader = RefReader(repository, GITS)
    for command in commands:
        (repository.top / "file").write_text(command)  # something to stash
        git(repository.top, *command.split(), check=False)
        assert without_worktrees(reader.look()) == without_worktrees(names_by_git(repository, GITS)), command


def test_nothing_moved_is_the_same_object(tmp_path: Path) -> None:
    reader = RefReader(made(tmp_path), GITS)
    first = reader.look()
    assert first is not None
    assert reader.look() is first
    git(tmp_path, "branch", "more")
    second = reader.look()
    assert second is not None
    at = git(tmp_path, "rev-parse", "HEAD").strip()
    assert moved(first, second) == (RefMove("branch", "more", "", at),)


def test_what_is_under_way_and_work_trees_are_told(tmp_path: Path) -> None:
    repository = made(tmp_path / "r")
    reader = RefReader(repository, GITS)
    before = reader.look()
    git(repository.top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (repository.folder / "MERGE_HEAD").write_text("x\n")
    after = reader.look()
    assert before is not None
    assert after is not None
    moves = {(move.kind, move.name): (move.before, move.after) for move in moved(before, after)}
    assert moves[("worktree", str(tmp_path / "side"))] == ("", "side")
    assert moves[("doing", "")] == ("", "a merge")


def test_a_ref_written_in_place_of_the_current_branch_is_seen(tmp_path: Path) -> None:
    repository = made(tmp_path)
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "second")
    reader = RefReader(repository, GITS)
    file = repository.folder / "refs" / "heads" / "main"
    while time.time_ns() - file.parent.stat().st_ctime_ns < 40_000_000:  # later than what could be the same moment
        git(tmp_path, "rev-parse", "HEAD")
    reader.look()
    folder = file.parent.stat()
    with file.open("r+") as stream:  # in place: the folder's times stay
        stream.write(git(tmp_path, "rev-parse", "HEAD~1"))
    assert file.parent.stat().st_mtime_ns == folder.st_mtime_ns
    found = reader.look()
    assert found is not None
    assert found[("head", "")] == found[("branch", "main")] == git(tmp_path, "rev-parse", "HEAD").strip()


def test_odd_files_are_left_out_and_hold_nobody_up(tmp_path: Path) -> None:
    repository = made(tmp_path)
    heads = repository.folder / "refs" / "heads"
    os.mkfifo(heads / "pipe")
    (heads / "loop").symlink_to("loop")
    (heads / "up").symlink_to("..")
    (heads / "empty").write_text("")
    (heads / "words").write_text("not a hash\n")
    (heads / "huge").write_bytes(b"a" * 1_000_000)
    (repository.folder / "packed-refs").write_bytes(b"\xff\x00 no\n" + b"0" * 39 + b" refs/heads/short\n")
    (repository.folder / "logs" / "refs").mkdir(exist_ok=True)
    os.mkfifo(repository.folder / "logs" / "refs" / "stash")
    found = RefReader(repository, GITS).look()
    assert found is not None
    assert [key for key in found if key[0] in ("branch", "stash")] == [("branch", "main")]
    for text in (b"ref: refs/heads/../../../etc/passwd\n", b"ref: /etc/passwd\n", b"\xff\xfe\n", b""):
        (repository.folder / "HEAD").write_bytes(text)
        odd = RefReader(repository, GITS).look()
        assert odd is not None
        assert ("head", "") not in odd


def test_a_log_with_torn_lines_tells_the_rest(tmp_path: Path) -> None:
    repository = made(tmp_path)
    log = repository.folder / "logs" / "HEAD"
    whole = steps_of(log)
    start = log_size(log)[1]
    with log.open("ab") as file:
        file.write(b"torn\n" + b"0" * 40 + b" \xff\n\n\x00")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "a\ttab and \u00e4")
    later = steps_of(log, start)
    assert len(whole) == 1
    assert steps_of(log)[: len(whole)] == whole
    assert steps_of(log, 10**9) == () == steps_of(tmp_path / "none")
    assert not later or later[-1].after == git(tmp_path, "rev-parse", "HEAD").strip()


def test_git_tells_the_same_log(tmp_path: Path) -> None:
    repository = made(tmp_path)
    for words in ("commit -q --allow-empty -m two", "reset -q --hard HEAD~1", "checkout -q -b side"):
        git(tmp_path, *words.split())
    own = steps_of(repository.folder / "logs" / "HEAD")
    assert len(own) == 4
    assert steps_by_git(tmp_path, GITS, "HEAD") == own


@given(st.binary(max_size=200))
def test_any_line_is_a_step_or_none(line: bytes) -> None:
    found = step(line)
    assert found is None or isinstance(found, Step)


def test_no_program_of_the_repository_runs(tmp_path: Path) -> None:
    repository = made(tmp_path / "r")
    canary = tmp_path / "canary"
    canary.write_text(f"#!/bin/sh\necho fired >> {tmp_path}/fired\nexec cat\n")
    canary.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program", "core.editor"):
        git(repository.top, "config", name, str(canary))
    git(repository.top, "config", "log.showSignature", "true")
    (repository.folder / "hooks").mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (repository.folder / "hooks" / hook).symlink_to(canary)
    assert names_by_git(repository, GITS) is not None
    assert steps_by_git(repository.top, GITS, "HEAD")
    assert not (tmp_path / "fired").exists()


def test_what_is_under_way_is_also_among_the_names_that_git_says(tmp_path: Path) -> None:
    names = names_by_git(made(tmp_path / "r"), GITS, "merge")
    assert names is not None and names["doing", ""] == "merge"


def test_a_repository_whose_refs_are_tables(tmp_path: Path) -> None:
    made_so = subprocess.run(
        ["git", "init", "-q", "-b", "main", "--ref-format=reftable", str(tmp_path)], capture_output=True, check=False
    )
    if made_so.returncode:
        pytest.skip("this git knows no tables of refs")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    repository = repository_of(tmp_path)
    assert repository is not None
    reader = RefReader(repository, GITS)
    first = reader.look()
    assert first is not None
    git(tmp_path, "branch", "more")
    second = reader.look()
    assert second is not None
    assert [move.name for move in moved(first, second)] == ["more"]
