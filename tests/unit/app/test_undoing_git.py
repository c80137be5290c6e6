"""users.md case 7: a dirty tree and each command of git that can drop work, by Bash and by the Git tool; going back to
the checkpoint makes the tree what it was, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.core.events import CheckpointTaken
from tests.support.gitbench import SID, GitBench
from tests.support.rewinding import tree


def dirty(bench: GitBench) -> None:
    """Commits, a branch that differs, a stash of this session; then staged, unstaged, untracked and ignored work."""
    bench.write(".gitignore", "*.log\n")
    for name in ("src/b.txt", "c.txt", "same.txt"):
        bench.write(name, f"{name} committed\n")
    bench.commit("second")
    bench.run("switch", "-qc", "topic")
    bench.write("c.txt", "topic\n")
    bench.write("topic.txt", "only there\n")
    bench.commit("on topic")
    bench.run("switch", "-q", "main")
    bench.write("same.txt", "stashed\n")
    bench.run("stash", "push", "-q", "-m", f"coder {SID}: x")
    bench.write("a.txt", "staged\n")
    bench.run("add", "a.txt")
    bench.write("a.txt", "staged and changed again\n")
    bench.write("src/b.txt", "unstaged\n")
    bench.write("untracked.txt", "untracked\n")
    bench.write("ignored.log", "ignored\n")
    bench.write("bin/run", "#!/bin/sh\n").chmod(0o755)
    (bench.project / "link").symlink_to("a.txt")


TOOL: list[tuple[str, dict[str, Any]]] = [
    ("stash", {}),
    ("stash", {"paths": ["a.txt", "untracked.txt"]}),
    ("unstash", {}),
    ("unstage", {"paths": ["."]}),
]
TOOL_KEEPS: list[tuple[str, dict[str, Any]]] = [  # nothing can be dropped: no checkpoint of its own is needed
    ("add", {"paths": ["."]}),
    ("commit", {"message": "x"}),
    ("commit", {"message": "x", "amend": True}),
    ("commit", {"message": "x", "paths": ["src"]}),
    ("switch", {"rev": "topic"}),
    ("switch", {"rev": "new", "create": True, "base": "topic"}),
]
BASH = [
    "git reset --hard HEAD~1",
    "git reset --merge topic",
    "git checkout -- .",
    "git checkout topic -- .",
    "git restore -SW .",
    "git clean -fdx",
    "git stash -u",
    "git stash --all",
    "git stash pop; git stash drop; git reset --hard",
    "git switch --discard-changes topic",
    "git rebase -q --autostash topic; git reset --hard",
    "git branch -D topic; git checkout -f main~1",
    "git push --force . main:topic; git reset --hard topic",
    "git worktree add -q ../other topic; git worktree remove --force ../other; git rm -rqf .",
]


@pytest.mark.behaviour("B-1433")
@pytest.mark.parametrize("what", [*BASH, *TOOL], ids=str)
async def test_case_7_the_tree_is_what_it_was(tmp_path: Path, what: str | tuple[str, dict[str, Any]]) -> None:
    bench = GitBench(tmp_path)
    dirty(bench)
    before = tree(bench.project)
    bench.prompt()
    if isinstance(what, str):
        await bench.call("Bash", command=what)
    else:
        await bench.git(what[0], **what[1])
    taken = next(event for event in bench.events if isinstance(event, CheckpointTaken))
    if what not in (("unstage", {"paths": ["."]}), ("unstash", {})):
        assert tree(bench.project) != before or isinstance(what, str)
    await bench.checkpoints.rewind(taken.id, "files")
    assert tree(bench.project) == before
    await bench.aclose()


@pytest.mark.behaviour("B-1433")
@pytest.mark.parametrize("what", [*TOOL, *TOOL_KEEPS], ids=str)
async def test_what_the_tool_does_goes_back_with_its_prompt(tmp_path: Path, what: tuple[str, dict[str, Any]]) -> None:
    bench = GitBench(tmp_path, mode="bypassPermissions")
    dirty(bench)
    if what[0] == "switch":
        bench.run("restore", "-SW", "a.txt")  # else it would be refused where both differ
    bench.hook("pre-commit", "echo formatted >> src/b.txt")
    before = tree(bench.project)
    bench.prompt("p")
    await bench.git(what[0], **what[1])
    await bench.checkpoints.rewind("p", "files")
    assert tree(bench.project) == before
    await bench.aclose()
