"""Git switch by the tool: what moves along is said, what would be lost is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.git.earlier import Earlier
from tests.support.gitbench import GitBench


def branches(bench: GitBench) -> None:
    """`topic` has another a.txt and a file new.txt."""
    bench.write("same.txt", "same\n")
    bench.commit("second")
    bench.run("switch", "-qc", "topic")
    bench.write("a.txt", "topic\n")
    bench.write("new.txt", "on topic\n")
    bench.commit("on topic")
    bench.run("switch", "-q", "main")


@pytest.mark.behaviour("B-1424")
async def test_it_is_said_from_where_to_where_and_what_comes_along(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    branches(bench)
    bench.hook("post-checkout", "exit 0")
    bench.write("same.txt", "dirty\n")
    bench.earlier = Earlier(frozenset({"same.txt"}))
    said = await bench.git("switch", rev="topic")
    assert bench.question.splitlines() == [
        "changes git switches from main to topic; 2 files change",
        "changes git takes along what is not committed: same.txt",
        "changes git it was changed before this session began",
        "runs the hook post-checkout",
    ]
    assert "On topic, from main." in said and "came along: same.txt" in said
    assert bench.run("branch", "--show-current") == "topic"
    assert (bench.project / "same.txt").read_text() == "dirty\n"
    await bench.aclose()


@pytest.mark.behaviour("B-1425")
@pytest.mark.parametrize(
    "dirt", [("a.txt", "changed\n"), ("new.txt", "untracked\n"), ("new.txt", "ignored\n"), ("a.txt", "staged\n")]
)
async def test_nothing_that_is_not_committed_is_overwritten(tmp_path: Path, dirt: tuple[str, str]) -> None:
    bench = GitBench(tmp_path)
    branches(bench)
    name, content = dirt
    path = bench.write(name, content)
    if content == "ignored\n":
        (bench.project / ".git/info").mkdir(exist_ok=True)
        (bench.project / ".git/info/exclude").write_text("new.txt\n")
    if content == "staged\n":
        bench.run("add", "a.txt")
    said = await bench.refused("switch", rev="topic")
    assert f"other contents for {name}" in said
    assert bench.asked == []
    assert path.read_text() == content and bench.run("branch", "--show-current") == "main"
    await bench.aclose()


@pytest.mark.behaviour("B-1426")
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "`rev` is empty"),
        ({"rev": "nowhere"}, "There is no branch nowhere"),
        ({"rev": "-"}, "not a sign for the last one"),
        ({"rev": "@{-1}"}, "not a sign for the last one"),
        ({"rev": "--detach"}, "can be no name"),
        ({"rev": "-f"}, "can be no name"),
        ({"rev": "-x", "create": True}, "can be no name"),
        ({"rev": "HEAD", "create": True}, "can be no name"),
        ({"rev": "a..b", "create": True}, "can be no name"),
        ({"rev": "a.lock", "create": True}, "can be no name"),
        ({"rev": "a\nb", "create": True}, "can be no name"),
        ({"rev": "topic", "create": True}, "There is a branch topic already"),
        ({"rev": "other", "create": True, "base": "--detach"}, "no commit or branch --detach"),
        ({"rev": "other", "create": True, "base": "nowhere"}, "no commit or branch nowhere"),
        ({"rev": "main"}, "Already on main"),
        ({"rev": "v1"}, "is a tag or commit"),
        ({"rev": "topic", "base": "main"}, "set `create`"),
        ({"rev": "far"}, "only origin/far"),
        ({"rev": "elsewhere"}, "checked out in another work tree"),
    ],
)
async def test_where_it_cannot_go_is_said_and_nobody_is_asked(
    tmp_path: Path, raw: dict[str, object], words: str
) -> None:
    bench = GitBench(tmp_path)
    branches(bench)
    bench.run("tag", "v1")
    bench.run("update-ref", "refs/remotes/origin/far", "topic")
    bench.run("worktree", "add", "-q", "-b", "elsewhere", "../elsewhere")
    before = bench.run("for-each-ref"), bench.run("branch", "--show-current")
    assert words in await bench.refused("switch", **raw)
    assert bench.asked == []
    assert (bench.run("for-each-ref"), bench.run("branch", "--show-current")) == before
    await bench.aclose()


async def test_a_new_branch_from_a_remote_one_tracks_nothing(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    branches(bench)
    bench.run("remote", "add", "origin", "../nowhere")
    bench.run("update-ref", "refs/remotes/origin/far", "topic")
    await bench.git("switch", rev="far", create=True, base="origin/far")
    assert "to the new branch far; 2 files change" in bench.question
    assert bench.run("rev-parse", "far") == bench.run("rev-parse", "topic")
    assert bench.run("config", "branch.far.remote", check=False) == ""
    await bench.aclose()


async def test_unborn_and_detached(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, begun=False)
    await bench.git("switch", rev="trunk", create=True)
    assert bench.run("symbolic-ref", "HEAD") == "refs/heads/trunk"
    bench.write("a.txt", "one\n")
    first = bench.commit()
    bench.run("switch", "-q", "--detach")
    bench.write("a.txt", "two\n")
    lost = bench.commit("lost")
    said = await bench.git("switch", rev="trunk")
    assert f"leaves the commit {lost[:10]}, which no branch names" in bench.question
    assert f"git branch NAME {lost[:10]}" in said
    assert bench.run("rev-parse", "HEAD") == first
    await bench.aclose()


async def test_in_the_middle_of_something(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    branches(bench)
    bench.write("a.txt", "main\n")
    bench.commit("on main")
    bench.run("merge", "topic", check=False)
    assert "A merge is under way" in await bench.refused("switch", rev="topic")
    await bench.aclose()
