"""users.md P27: before git can drop work a checkpoint is taken and announced, then it is asked; nothing is lost."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from coder.core.events import CheckpointTaken, PermissionAsked
from coder.core.requests import Deny
from tests.support.rewinding import GIT_ENV, Bench, git, tree


def repository(bench: Bench) -> None:
    """Commits, a topic branch, a work tree elsewhere, two stashes; then staged, unstaged, untracked, ignored work."""
    project = bench.project
    git(project, "init", "-q", "-b", "main")
    (project / ".gitignore").write_text("*.log\n")
    (project / "src").mkdir()
    for name in ("a.txt", "src/b.txt", "c.txt"):
        (project / name).write_text(f"{name} committed\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    git(project, "checkout", "-qb", "topic")
    (project / "a.txt").write_text("topic\n")
    git(project, "commit", "-qam", "on the topic")
    git(project, "checkout", "-q", "main")
    git(project, "worktree", "add", "-q", "../elsewhere", "topic")
    (project.parent / "elsewhere" / "draft").write_text("not committed\n")
    for number in (1, 2):
        (project / "c.txt").write_text(f"stashed {number}\n")
        git(project, "stash", "push", "-qm", f"work {number}")
    (project / "a.txt").write_text("staged\n")
    git(project, "add", "a.txt")
    (project / "a.txt").write_text("staged and changed again\n")
    (project / "src/b.txt").write_text("unstaged\n")
    (project / "untracked.txt").write_text("untracked\n")
    (project / "ignored.log").write_text("ignored\n")
    (project / "src/run.sh").write_text("#!/bin/sh\n")
    (project / "src/run.sh").chmod(0o755)


def announced(bench: Bench) -> CheckpointTaken:
    return next(event for event in bench.events if isinstance(event, CheckpointTaken))


COMMANDS = [
    "git reset --hard",
    "git reset --hard HEAD",
    "git reset --merge HEAD",
    "git checkout -- .",
    "git checkout -f topic 2>/dev/null || git checkout -f main",
    "git checkout HEAD -- a.txt src",
    "git restore .",
    "git restore --source=topic -SW .",
    "git clean -fdx",
    "git clean -fdq src",
    "git stash",
    "git stash -u",
    "git stash pop; git stash pop; git reset --hard",
    "git stash drop",
    "git stash clear",
    "git switch -f main",
    "git rebase topic; git rebase --abort; git reset --hard",
    "git branch -D topic",
    "git worktree remove --force ../elsewhere",
    "git rm -rf .",
    "git checkout-index -f -a",
    "git reflog expire --expire=now --all; git gc -q --prune=now",
    "sh -c 'cd src && git reset --hard'",
    "true && git reset --hard && git clean -fdq",
    "git read-tree -u --reset HEAD",
]


@pytest.mark.behaviour("B-457")
@pytest.mark.parametrize("command", COMMANDS)
async def test_p27_the_checkpoint_is_announced_before_the_question_and_brings_all_files_back(
    tmp_path: Path, command: str
) -> None:
    bench = Bench(tmp_path, asks=True)
    repository(bench)
    elsewhere = tmp_path / "elsewhere"
    before = tree(bench.project), tree(elsewhere)
    bench.prompt("prompt-1")
    outcome = await bench.bash(command)
    kinds = [type(event) for event in bench.events if isinstance(event, CheckpointTaken | PermissionAsked)]
    assert kinds[0] is CheckpointTaken
    assert kinds.count(PermissionAsked) == 1
    taken = announced(bench)
    assert taken.text in outcome.result.content[-1].text  # type: ignore[union-attr]  # a text
    await bench.checkpoints.rewind(taken.id, "files")
    assert (tree(bench.project), tree(elsewhere)) == before
    await bench.aclose()


@pytest.mark.behaviour("B-458")
async def test_stash_branches_and_staged_work_come_back_by_the_commands_shown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    repository(bench)
    project = bench.project
    git(project, "worktree", "remove", "--force", "../elsewhere")
    stash, staged, topic = (
        git(project, "stash", "list", "--format=%H %gs"),
        git(project, "diff", "--cached"),
        git(project, "rev-parse", "topic"),
    )
    bench.prompt("prompt-1")
    main = git(project, "rev-parse", "main")
    await bench.bash(
        "git stash clear; git branch -D topic; git reset --hard; git commit -q --allow-empty -m later; "
        "git reflog expire --expire=now --all; git gc -q --prune=now"
    )
    assert not git(project, "stash", "list")
    assert git(project, "cat-file", "-t", topic.strip(), check=False) == ""
    [state] = await bench.checkpoints.states_before(announced(bench).id)
    for command in state.commands():
        subprocess.run(["bash", "-c", command], check=True, env={**bench.env, **GIT_ENV}, capture_output=True)
    assert git(project, "stash", "list", "--format=%H %gs") == stash
    assert git(project, "diff", "--cached") == staged
    assert git(project, "rev-parse", "topic") == topic
    assert git(project, "rev-parse", "HEAD") == git(project, "rev-parse", "main") == main  # though it is checked out
    await bench.aclose()


@pytest.mark.behaviour("B-457")
async def test_a_question_that_is_answered_with_no_still_leaves_the_checkpoint(tmp_path: Path) -> None:
    bench = Bench(tmp_path, asks=True, answering=lambda request: Deny("no"))
    repository(bench)
    before = tree(bench.project)
    bench.prompt("prompt-1")
    await bench.bash("git reset --hard")
    assert tree(bench.project) == before
    assert [point.why for point in await bench.checkpoints.points(checkpoints=True)] == ["", "git reset --hard"]
    await bench.aclose()


@pytest.mark.behaviour("B-457")
async def test_files_that_git_alone_held_come_back_though_it_forgets_them_in_the_same_command(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    project = bench.project
    git(project, "init", "-q", "-b", "main")
    (project / "a.txt").write_text("only git holds this\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "x")
    later = time.time() + 60
    os.utime(project / ".git" / "index", (later, later))
    before = tree(project)
    bench.prompt("prompt-1")
    await bench.bash(
        "git checkout -q --orphan x; git rm -rfq .; git branch -D main; "
        "git reflog expire --expire=now --all; git gc -q --prune=now"
    )
    assert not git(project, "cat-file", "--batch-all-objects", "--batch-check")
    await bench.checkpoints.rewind("prompt-1", "files")
    assert tree(project) == before
    await bench.aclose()


async def test_a_command_that_drops_work_of_two_repositories_has_one_checkpoint_for_both(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    git(bench.project, "init", "-q")
    sub = bench.project / "sub"
    sub.mkdir()
    git(sub, "init", "-q")
    (sub / "a").write_text("a\n")
    git(sub, "add", ".")
    git(sub, "commit", "-qm", "inner")
    (sub / "a").write_text("dirty\n")
    bench.prompt("prompt-1")
    await bench.bash("git reset -q --hard; cd sub; git reset -q --hard")
    assert not bench.notices
    assert (sub / "a").read_text() == "a\n"
    id = announced(bench).id
    assert {state.top for state in await bench.checkpoints.states_before(id)} == {bench.project, sub}
    await bench.checkpoints.rewind(id, "files")
    assert (sub / "a").read_text() == "dirty\n"
    await bench.aclose()
