"""Before which git commands a checkpoint is taken: all that can drop work, wherever in a command they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.messages import ToolUse
from coder.core.tools import Runs
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld

TOP = Path("/nowhere/project")


def judged(command: str) -> Decision:
    world = LocalWorld(TOP, (TOP,), Path("/nowhere/home"), Path("/nowhere/home/.coder"))
    return decide(ToolUse("t", "Bash", {"command": command}), Runs(command), Rules(), "bypassPermissions", world)


@pytest.mark.behaviour("B-457")
@pytest.mark.parametrize(
    "command",
    [
        "git reset --hard",
        "git reset --merge HEAD~1",
        "git reset --keep HEAD~1",
        "git reset",
        "git checkout -- .",
        "git checkout -- src/a.py",
        "git checkout main",
        "git checkout -f",
        "git checkout -b new origin/main",
        "git switch -f main",
        "git switch --discard-changes main",
        "git switch -C main",
        "git restore src/a.py",
        "git restore --staged .",
        "git clean -fdx",
        "git stash",
        "git stash -u",
        "git stash pop",
        "git stash drop",
        "git stash clear",
        "git stash apply",
        "git rebase main",
        "git rebase --abort",
        "git merge --abort",
        "git cherry-pick --abort",
        "git pull --rebase",
        "git branch -D topic",
        "git branch -f main HEAD~3",
        "git worktree remove --force ../wt",
        "git push --force",
        "git push -f origin main",
        "git push origin +main",
        "git filter-branch --tree-filter x",
        "git reflog expire --all",
        "git gc --prune=now",
        "git update-ref -d refs/heads/x",
        "git -C sub reset --hard",
        "git -c core.editor=true reset --hard",
        "cd sub && git reset --hard",
        "sh -c 'git reset --hard'",
        'bash -c "cd x; git clean -fd"',
        "ls; git stash pop; echo done",
        "timeout 5 git reset --hard",
        "env A=b git restore .",
        "find . -name x -exec git checkout -- {} +",
        "echo main | xargs git branch -D",
        "if true; then git reset --hard; fi",
        "git $(echo reset) --hard || git reset --hard",
    ],
)
def test_what_can_drop_work_is_told(command: str) -> None:
    assert judged(command).drop is not None


@pytest.mark.behaviour("B-457")
@pytest.mark.parametrize(
    "command",
    [
        "git status",
        "git log --oneline",
        "git diff HEAD~1",
        "git commit -am x",
        "git add .",
        "git checkout -b new",
        "git switch main",
        "git stash list",
        "git stash show",
        "git clean -n",
        "git branch new",
        "git push",
        "git fetch",
        "git merge topic",
        "git worktree list",
        "echo git reset --hard",
        "npm run reset",
        "ls",
    ],
)
def test_what_drops_nothing_is_not(command: str) -> None:
    assert judged(command).drop is None


def test_the_folders_are_those_git_runs_in() -> None:
    found = judged("cd sub && git -C deep reset --hard").drop
    assert found is not None
    assert found.folders == (TOP / "sub" / "deep",)
    assert found.text == "git -C deep reset --hard"


def test_only_what_lets_objects_go_at_once_prunes() -> None:
    drops = [judged(command).drop for command in ("git gc --prune=now", "git reset --hard")]
    assert [drop is not None and drop.prunes for drop in drops] == [True, False]


def test_only_reading_changes_nothing() -> None:
    assert not judged("cd sub && ls").changes
    assert judged("make").changes
