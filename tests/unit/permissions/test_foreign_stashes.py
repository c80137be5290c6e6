"""users.md P27: what another session or a person has put aside is not taken without a word, whatever allows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gitbench import SID, GitBench
from tests.support.rewinding import git

ALLOW = ["Bash(git stash *)", "Bash(git *)", "Bash"]


def stashed(bench: GitBench, message: str | None, text: str) -> None:
    bench.write("a.txt", text)
    bench.run("stash", "push", "-q", *(("-m", message) if message else ()))


@pytest.mark.behaviour("B-1432")
@pytest.mark.parametrize(
    "command",
    [
        "git stash pop",
        "git stash apply",
        "git stash drop",
        "git stash clear",
        "git stash pop -q stash@{0}",
        "git stash drop 0",
        "git stash branch topic",
        "git -C . stash pop",
        "cd . && git stash pop",
        "sh -c 'git stash pop'",
        "git stash pop $(git rev-parse stash@{0})",
        "git stash pop; git stash pop",
    ],
)
async def test_another_ones_newest_stash_is_asked_about_by_its_name(tmp_path: Path, command: str) -> None:
    for message, who in (
        (None, "was not made by this session"),
        ("coder 0ther000: x", "another session of coder made"),
    ):
        bench = GitBench(tmp_path / who.replace(" ", "-"), allow=ALLOW)
        stashed(bench, message, "theirs\n")
        await bench.call("Bash", command=command)
        assert len(bench.asked) == 1
        [reason] = bench.asked[0].reasons
        assert "stash@{0}" in reason.text and who in reason.text
        assert bench.asked[0].suggestions == ()
        await bench.aclose()


@pytest.mark.behaviour("B-1432")
@pytest.mark.parametrize(
    "command", ["git stash pop", "git stash apply stash@{0}", "git stash list", "git stash show -p"]
)
async def test_ones_own_is_not_asked_about(tmp_path: Path, command: str) -> None:
    bench = GitBench(tmp_path, allow=ALLOW)
    stashed(bench, None, "by hand\n")
    stashed(bench, f"coder {SID}: mine", "mine\n")
    await bench.call("Bash", command=command)
    assert bench.asked == []
    await bench.aclose()


async def test_what_a_command_of_this_session_put_aside_is_its_own(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, allow=ALLOW)
    stashed(bench, None, "by hand\n")
    bench.write("a.txt", "mine\n")
    await bench.call("Bash", command="git stash")
    await bench.call("Bash", command="git stash pop")
    assert bench.asked == []
    assert (bench.project / "a.txt").read_text() == "mine\n"
    bench.run("restore", "a.txt")
    await bench.call("Bash", command="git stash pop")
    assert "stash@{0}" in bench.asked[0].reasons[0].text
    await bench.aclose()


async def test_from_a_work_tree_and_a_folder_below(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, allow=ALLOW)
    stashed(bench, None, "by hand\n")
    bench.run("worktree", "add", "-q", "-b", "topic", "inside")
    (bench.project / "sub").mkdir()
    for folder in ("inside", "sub"):
        await bench.call("Bash", command=f"git -C {folder} stash apply")
    assert len(bench.asked) == 2
    assert all("stash@{0}" in request.reasons[0].text for request in bench.asked)
    await bench.aclose()


async def test_a_log_that_is_no_file_is_no_log(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, allow=ALLOW)
    log = bench.project / ".git/logs/refs/stash"
    log.mkdir(parents=True)
    await bench.call("Bash", command="git stash pop")
    assert bench.asked == []
    assert git(bench.project, "stash", "list", check=False) == ""
    await bench.aclose()
