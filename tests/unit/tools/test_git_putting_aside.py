"""Git stash and unstash by the tool: under the session's name, by hash, and never somebody else's by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.requests import Deny
from coder.git.earlier import Earlier
from tests.support.gitbench import SID, GitBench


@pytest.mark.behaviour("B-1427")
async def test_what_goes_is_said_and_comes_back_with_what_was_staged(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("b.txt", "b\n")
    bench.commit()
    bench.write("a.txt", "staged\n")
    bench.run("add", "a.txt")
    bench.write("b.txt", "not staged\n")
    bench.write("new.txt", "untracked\n")
    before = bench.run("status", "--porcelain")
    bench.earlier = Earlier(frozenset({"b.txt"}))
    said = await bench.git("stash", message="half   done\nthings")
    assert "puts 2 files aside, which are then as in the last commit: a.txt, b.txt" in bench.question
    assert "changed before this session began: b.txt" in bench.question
    assert bench.run("stash", "list", "--format=%gs") == f"On main: coder {SID}: half done things"
    assert bench.run("status", "--porcelain") == "?? new.txt"
    commit = bench.run("rev-parse", "stash@{0}")
    assert commit[:10] in said
    await bench.git("unstash")
    assert f"takes back {commit[:10]} “On main: coder {SID}: half done things”, made by this session" in bench.question
    assert "brings back 2 files: a.txt, b.txt" in bench.question
    assert bench.run("status", "--porcelain") == before
    assert bench.run("stash", "list") == ""
    await bench.aclose()


async def test_an_untracked_file_goes_only_when_it_is_named(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("new.txt", "untracked\n")
    bench.write("dir/other.txt", "untracked\n")
    bench.write("a.txt", "two\n")
    assert "only when it is named itself" in await bench.refused("stash", paths=["dir"])
    await bench.git("stash", paths=["a.txt", "new.txt"])
    assert bench.run("status", "--porcelain") == "?? dir/"
    await bench.git("unstash")
    assert bench.run("status", "--porcelain").splitlines() == ["M a.txt", "?? dir/", "?? new.txt"]
    await bench.aclose()


@pytest.mark.behaviour("B-1428")
async def test_another_ones_stash_is_taken_only_by_name_and_the_question_says_whose_it_is(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, allow=["Bash(git stash *)", "Git"])
    bench.write("a.txt", "ours\n")
    await bench.git("stash")
    assert bench.asked == []
    bench.write("a.txt", "by hand\n")
    bench.run("stash", "push", "-m", "my own work")
    bench.write("a.txt", "another session\n")
    bench.run("stash", "push", "-m", "coder 0ther000: x")
    await bench.git("unstash")
    assert bench.asked == []
    assert (bench.project / "a.txt").read_text() == "ours\n"
    bench.run("restore", "a.txt")
    said = await bench.refused("unstash")
    assert "This session has put nothing aside" in said and "my own work" in said
    assert bench.asked == []
    await bench.git("unstash", rev="stash@{1}")
    assert "“On main: my own work”, made by hand" in bench.question
    assert "which was not made by this session" in bench.asked[-1].reasons[0].text
    assert bench.asked[-1].suggestions == ()
    assert (bench.project / "a.txt").read_text() == "by hand\n"
    bench.run("restore", "a.txt")
    other = bench.run("rev-parse", "stash@{0}")
    await bench.git("unstash", rev=other[:12])
    assert "made by another session of coder (0ther000)" in bench.question
    assert bench.run("stash", "list") == ""
    await bench.aclose()


@pytest.mark.behaviour("B-1428")
async def test_a_stash_that_moved_while_it_was_asked_is_not_mistaken(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("a.txt", "meant\n")
    bench.run("stash", "push", "-m", "meant")

    def moves(request: object) -> Deny | object:
        bench.write("a.txt", "came meanwhile\n")
        bench.run("stash", "push", "-m", "came meanwhile")
        return answer(request)  # type: ignore[arg-type]  # the request of the gate

    answer = bench.answering
    bench.answering = moves  # type: ignore[assignment]  # answers as before
    assert "was changed while the person was asked" in await bench.refused("unstash", rev="stash@{0}")
    assert len(bench.run("stash", "list").splitlines()) == 2
    assert (bench.project / "a.txt").read_text() == "one\n"
    await bench.aclose()


@pytest.mark.behaviour("B-1429")
async def test_a_stash_that_does_not_fit_is_kept(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("a.txt", "stashed\n")
    await bench.git("stash")
    bench.write("a.txt", "dirty\n")
    said = await bench.refused("unstash")
    assert "Nothing was brought back" in said and "is kept" in said
    assert (bench.project / "a.txt").read_text() == "dirty\n"
    bench.commit("differs")
    said = await bench.refused("unstash")
    assert "conflicts in a.txt" in said and "is kept" in said
    assert len(bench.run("stash", "list").splitlines()) == 1
    await bench.aclose()


@pytest.mark.parametrize(
    ("action", "raw", "words"),
    [
        ("stash", {}, "Nothing to put aside"),
        ("unstash", {}, "Nothing is put aside"),
        ("unstash", {"rev": "stash@{7}"}, "Nothing is put aside"),
        ("unstash", {"rev": "--index"}, "Nothing is put aside"),
    ],
)
async def test_where_there_is_nothing(tmp_path: Path, action: str, raw: dict[str, object], words: str) -> None:
    bench = GitBench(tmp_path)
    assert words in await bench.refused(action, **raw)
    assert bench.asked == []
    await bench.aclose()
