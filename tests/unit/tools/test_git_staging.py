"""Git add and unstage by the tool: exactly what is said, never what nobody meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.git.earlier import Earlier
from tests.support.gitbench import GitBench


@pytest.mark.behaviour("B-1419")
async def test_the_question_says_how_many_which_and_what_was_changed_before_the_session(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("a.txt", "theirs\n")
    bench.write("b.txt", "new\n")
    bench.write("old/x.txt", "x\n")
    bench.earlier = Earlier(frozenset({"a.txt", "old/"}))
    said = await bench.git("add", paths=["."])
    assert bench.question.splitlines() == [
        "changes git stages 3 files: a.txt, b.txt, old/x.txt",
        "changes git of these, changed before this session began: a.txt, old/x.txt",
    ]
    assert "Staged 3 files: a.txt, b.txt, old/x.txt." in said
    assert "changed before this session began: a.txt, old/x.txt" in said
    assert bench.run("diff", "--cached", "--name-only").split() == ["a.txt", "b.txt", "old/x.txt"]
    await bench.git("commit", message="all")
    assert "of these, changed before this session began: a.txt, old/x.txt" in bench.question
    await bench.aclose()


@pytest.mark.behaviour("B-1420")
async def test_secrets_nested_repositories_and_ignored_files_are_left_out(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write(".gitignore", "*.log\nbuild/\n")
    bench.write("run.log", "l\n")
    bench.write("build/out", "o\n")
    bench.write(".env", "KEY=1\n")
    bench.write("deploy/id_rsa", "k\n")
    bench.write("deploy/server.pem", "k\n")
    bench.write(".env.example", "KEY=\n")
    bench.run("init", "-q", "inner")
    bench.write("inner/file", "f\n")
    bench.run("-C", "inner", "add", ".")
    bench.run("-C", "inner", "commit", "-qm", "inner")
    said = await bench.git("add", paths=["."])
    assert bench.run("diff", "--cached", "--name-only").split() == [".env.example", ".gitignore"]
    assert "look like secrets: .env, deploy/id_rsa, deploy/server.pem" in said
    assert "repositories of their own: inner" in said
    assert "ignores run.log" in await bench.refused("add", paths=["run.log"])
    assert "ignores build" in await bench.refused("add", paths=["build"])
    assert "look like secrets" in await bench.refused("add", paths=["deploy"])
    await bench.git("add", paths=[".env"])
    await bench.git("add", paths=["inner"])
    assert "takes a repository of its own in as a link" in bench.question
    assert bench.run("diff", "--cached", "--name-only").split() == [".env", ".env.example", ".gitignore", "inner"]
    await bench.aclose()


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ([], "`paths` is empty"),
        (["nowhere"], "does not exist"),
        (["../home"], "outside of the repository"),
        ([".git/config"], "belongs to git itself"),
        (["a.txt"], "Nothing to add"),
        (["a\0b"], "NUL"),
        (["--all"], "does not exist"),
        (["-A"], "does not exist"),
        ([":(glob)*"], "does not exist"),
    ],
)
async def test_what_cannot_be_added_is_said_and_nobody_is_asked(tmp_path: Path, paths: list[str], words: str) -> None:
    bench = GitBench(tmp_path)
    bench.write("b.txt", "b\n")
    assert words in await bench.refused("add", paths=paths)
    assert bench.asked == []
    assert bench.run("diff", "--cached", "--name-only") == ""
    await bench.aclose()


async def test_odd_names_deleted_files_and_links(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    names = ["-rf", ":(top)x", "a b", "*.txt", "quote'\"", "line\nbreak", "ünï", "--", "gone.txt"]
    for name in names:
        bench.write(name, "x\n")
    bench.commit()
    for name in names[:-1]:
        bench.write(name, "y\n")
    (bench.project / "gone.txt").unlink()
    (bench.project / "link").symlink_to("a.txt")
    for name in [*names, "link"]:
        await bench.git("add", paths=[name])
    assert bench.run("status", "--porcelain", "-z").count("\0") == len(names) + 1
    assert all(line[1] == " " for line in bench.run("status", "--porcelain", "-z").split("\0") if line)
    await bench.git("unstage", paths=["*.txt"])
    assert bench.run("diff", "--name-only", "-z").split("\0") == ["*.txt", ""]
    await bench.aclose()


async def test_from_a_folder_below_the_top_and_through_a_link(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("dir/x.txt", "x\n")
    bench.write("y.txt", "y\n")
    (tmp_path / "way").symlink_to(bench.project)
    bench.workspace.chdir(tmp_path / "way" / "dir")
    said = await bench.git("add", paths=["x.txt", "../y.txt"])
    assert "Staged 2 files: x.txt, ../y.txt." in said
    assert bench.run("diff", "--cached", "--name-only").split() == ["dir/x.txt", "y.txt"]
    await bench.aclose()


@pytest.mark.behaviour("B-1421")
@pytest.mark.parametrize("begun", [True, False])
async def test_unstaging_leaves_the_files_alone(tmp_path: Path, begun: bool) -> None:
    bench = GitBench(tmp_path, begun=begun)
    bench.write("b.txt", "b\n")
    bench.write("c.txt", "c\n")
    bench.run("add", "b.txt", "c.txt")
    said = await bench.git("unstage", paths=["b.txt"])
    assert "takes 1 file out of the next commit, not out of the folder: b.txt" in bench.question
    assert "Unstaged 1 file: b.txt" in said
    assert bench.run("ls-files", "--cached", "c.txt", "b.txt") == "c.txt"
    assert (bench.project / "b.txt").read_text() == "b\n"
    assert "Nothing of that is staged" in await bench.refused("unstage", paths=["b.txt"])
    await bench.git("unstage", paths=["."])
    assert bench.run("diff", "--cached", "--name-only", *(["HEAD"] if begun else [])) == ""
    await bench.aclose()


async def test_both_halves_of_a_renamed_file_are_unstaged(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("dir/keep", "k\n")
    bench.run("mv", "a.txt", "dir/b.txt")
    await bench.git("unstage", paths=["dir"])
    assert bench.run("diff", "--cached", "--name-only") == ""
    await bench.aclose()


@pytest.mark.behaviour("B-1422")
async def test_a_repository_that_changed_while_it_was_asked_is_left_alone(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("b.txt", "b\n")
    answer = bench.answering

    def changes(request: object) -> object:
        bench.write("c.txt", "came meanwhile\n")
        return answer(request)  # type: ignore[arg-type]  # the request of the gate

    bench.answering = changes  # type: ignore[assignment]  # answers as before
    assert "was changed while the person was asked" in await bench.refused("add", paths=["."])
    assert bench.run("diff", "--cached", "--name-only") == ""
    bench.answering = answer
    await bench.git("add", paths=["."])
    await bench.aclose()


@pytest.mark.behaviour("B-1423")
async def test_a_lock_of_another_git_is_waited_for_then_named_and_never_removed(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)
    bench.write("b.txt", "b\n")
    lock = bench.project / ".git/index.lock"
    lock.touch()
    said = await bench.refused("add", paths=["b.txt"])
    assert "another git" in said and str(lock) in said and "do not remove it" in said
    assert lock.exists()
    lock.unlink()
    await bench.git("add", paths=["b.txt"])
    await bench.aclose()
