"""The work trees of a repository by the Git tool: what is told of each, and how one is made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from coder.git.worktrees.tenancy import Tenant
from coder.git.worktrees.trees import main_checkout, named
from tests.support.cli import Place
from tests.support.gitbench import GitBench
from tests.support.gitting import asking

MADE = ".claude/worktrees/login"


@pytest.mark.behaviour("B-1566")
async def test_each_is_told_with_what_is_in_it(place: Place, tmp_path: Path) -> None:
    ask = asking(place)
    shop = ask.repository
    shop.write("a.txt", "one\n")
    shop.commit("one")
    assert await ask("worktrees") == f"* . on main at {shop.git('rev-parse', 'HEAD')[:10]}; the main checkout; clean"
    shop.git("worktree", "add", "-q", "-b", "locked", str(tmp_path / "a\x1bb"))
    shop.git("worktree", "lock", "--reason", "on a stick", str(tmp_path / "a\x1bb"))
    shop.git("worktree", "add", "-q", "--detach", "near")
    shop.git("worktree", "add", "-q", "-b", "gone", "gone")
    shutil.rmtree(shop.folder / "gone")
    (shop.folder / "near/a.txt").write_text("two\n")
    (shop.folder / "near/new.txt").write_text("new\n")
    (shop.folder / "near/staged.txt").write_text("new\n")
    shop.git("-C", "near", "add", "staged.txt")
    tenant = Tenant(shop.folder / ".git/worktrees/near")
    output = await ask.output("worktrees")
    tenant.leave()
    text = str(output.content).splitlines()
    head = shop.git("rev-parse", "HEAD")[:10]
    assert len(text) == 4 and output.summary == "4 work trees"
    assert text[0] == f"* . on main at {head}; the main checkout; 1 untracked"
    assert next(line for line in text if "a\\x1bb" in line).endswith(f"on locked at {head}; locked: on a stick; clean")
    counts = "1 staged, 1 not staged, 1 untracked"
    assert f"  near detached at {head}; a session of coder works there; {counts}" in text
    assert any(line.startswith("  gone on gone; its folder is gone: `coder worktree remove gone`") for line in text)
    data = {Path(each["path"]).name: each for each in (output.data or {})["worktrees"]}
    assert data["near"]["branch"] is None and (data["near"]["staged"], data["near"]["clean"]) == (1, False)
    assert data["gone"]["missing"] and data["gone"]["clean"] is None and data["a\\x1bb"]["locked"] == "on a stick"
    assert [name for name, each in data.items() if each["current"]] == ["project"]
    assert (await ask("worktrees", limit=2)).splitlines()[-1].startswith("(… 2 more")


@pytest.mark.behaviour("B-1566")
async def test_a_folder_that_only_pretends_is_not_looked_into(place: Place, tmp_path: Path) -> None:
    ask = asking(place)
    ask.repository.write("a.txt", "one\n")
    ask.repository.commit("one")
    ask.repository.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (ask.repository.folder / ".git/worktrees/side/gitdir").write_text(f"{tmp_path}/other/.git\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/secret.txt").write_text("x")
    text = (await ask("worktrees")).splitlines()[1]
    assert text.endswith("on side; no longer the folder that git knows: `git worktree repair` may help")


@pytest.mark.behaviour("B-1567")
async def test_one_is_made_as_for_a_session_and_nothing_of_the_repository_runs(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, trusted=False)
    bench.write(".gitattributes", "*.txt filter=evil\n")
    first = bench.commit("filtered")
    bench.write(".worktreeinclude", ".env\n")
    bench.commit("second")
    bench.hook("post-checkout", f"touch {tmp_path}/sung")
    bench.run("config", "filter.evil.smudge", f"touch {tmp_path}/sung; cat")
    said = await bench.git("worktree", rev="login", base="HEAD~1")
    assert bench.question.splitlines() == [
        f"changes git makes the work tree {MADE} on the new branch worktree-login, from {first[:10]} (HEAD~1) filtered",
        "changes git adds /.claude/worktrees/ to .git/info/exclude, which keeps work trees out of git status",
    ]
    (request,) = bench.asked
    assert request.command == f"git worktree add -b worktree-login {MADE} 'HEAD~1'"
    assert not (tmp_path / "sung").exists()
    assert f"Made the work tree {MADE} on the new branch worktree-login" in said
    assert "This session stays where it is" in said and "`coder worktree remove login`" in said
    assert ".worktreeinclude names are not copied" in said
    assert (bench.project / MADE / "a.txt").read_text() == "one\n"
    assert bench.run("-C", MADE, "rev-parse", "HEAD") == first
    assert bench.run("branch", "--show-current") == "main" and bench.run("status", "--porcelain") == ""
    tree = named(main_checkout(bench.project), "login")
    assert tree is not None and tree.is_ours and tree.branch == tree.own_branch == "worktree-login"
    await bench.aclose()


@pytest.mark.behaviour("B-1567")
async def test_what_you_said_yes_to_is_what_is_made(tmp_path: Path) -> None:
    bench = GitBench(tmp_path)

    def moved(request: Any) -> Any:
        bench.commit("meanwhile")
        return answering(request)

    answering, bench.answering = bench.answering, moved
    bench.write("new.txt", "new\n")
    assert "was changed while" in await bench.refused("worktree", rev="login")
    assert not (bench.project / MADE).exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1568")
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "`rev` is empty"),
        ({"rev": "../up"}, "can be no name of a work tree"),
        ({"rev": "-f"}, "can be no name of a work tree"),
        ({"rev": "there"}, "There is a work tree there already"),
        ({"rev": "gone"}, "coder worktree remove gone"),
        ({"rev": "folder"}, "is there and is no work tree"),
        ({"rev": "branched"}, "There is a branch worktree-branched already"),
        ({"rev": "new", "base": "nowhere"}, "There is no commit 'nowhere' here"),
        ({"rev": "new", "base": "--detach"}, "begins with -"),
        ({"rev": "new", "base": "^HEAD"}, "begins with ^"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_cannot_be_made_is_said_and_nobody_is_asked(tmp_path: Path, raw: dict[str, str], words: str) -> None:
    bench = GitBench(tmp_path)
    for name in ("there", "gone"):
        bench.run("worktree", "add", "-q", "-b", f"worktree-{name}", f".claude/worktrees/{name}")
    shutil.rmtree(bench.project / ".claude/worktrees/gone")
    (bench.project / ".claude/worktrees/folder").mkdir()
    bench.run("branch", "worktree-branched")
    before = bench.run("for-each-ref"), bench.run("worktree", "list")
    assert words in await bench.refused("worktree", **raw)
    assert bench.asked == []
    assert (bench.run("for-each-ref"), bench.run("worktree", "list")) == before
    await bench.aclose()


@pytest.mark.behaviour("B-1568")
async def test_unborn_bare_and_a_link_in_the_way(tmp_path: Path) -> None:
    bench = GitBench(tmp_path, begun=False)
    assert "no commit yet" in await bench.refused("worktree", rev="login")
    bench.write("a.txt", "one\n")
    bench.commit("first")
    (bench.project / ".claude").symlink_to(tmp_path)
    assert "is a symbolic link" in await bench.refused("worktree", rev="login")
    (bench.project / ".claude").unlink()
    bench.run("config", "core.bare", "true")
    assert "bare repository" in await bench.refused("worktree", rev="login")
    assert bench.asked == [] and not (tmp_path / "worktrees").exists()
    await bench.aclose()


@pytest.mark.behaviour("B-1567")
@pytest.mark.parametrize("is_used", [False, True])
async def test_going_back_takes_it_away_whole_or_leaves_it_whole(tmp_path: Path, is_used: bool) -> None:
    bench = GitBench(tmp_path)
    bench.write("b.txt", "b\n")
    bench.commit("second")
    bench.prompt("p")
    await bench.git("worktree", rev="login")
    if is_used:
        bench.write(f"{MADE}/a.txt", "somebody's\n")
    await bench.checkpoints.rewind("p", "files")
    if is_used:
        assert bench.run("-C", MADE, "status", "--porcelain") == "M a.txt"
    else:
        assert not (bench.project / ".claude").exists()
    assert bench.run("branch", "--list", "worktree-login")
    await bench.aclose()
