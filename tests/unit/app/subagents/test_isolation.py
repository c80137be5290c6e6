"""Worktrees of agents' own: nothing that was made there is lost, however the agent ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import pytest

from coder.app.subagents.isolation import isolate
from coder.app.subagents.remains import remains, told
from coder.core.config import RuleText
from coder.core.errors import ToolError
from coder.core.messages import ToolUse
from coder.core.tools import Reads
from coder.permissions.decide import decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld
from tests.support.cli import Place
from tests.support.repositories import Repository
from tests.support.worktrees import HIDDEN, WORK
from tests.support.writers import IDENTITY, Writers, shop

COMMITTED = {"untracked", "staged", "modified", "deleted", "committed", "showUntrackedFiles", "same size and time"}
MORE = {
    **HIDDEN,
    "submodule": "git -c protocol.file.allow=always submodule --quiet add ../../.. inner; "
    "echo precious > inner/fresh.txt",
    "staged, then changed": "echo precious > README.md; git add README.md; echo other > README.md",
    "staged, then gone": "echo precious > fresh.txt; git add fresh.txt; rm fresh.txt",
    "on a branch of its own choice": f"git switch -qc mine; echo precious > fresh.txt; git add .; "
    f"{IDENTITY} commit -qm p; echo precious > more.txt",
    "conflicts": f"git switch -qc other; echo precious > README.md; {IDENTITY} commit -qam x; git switch -q -; "
    f"echo that > README.md; {IDENTITY} commit -qam y; {IDENTITY} merge other",
}


ALL = {**WORK, **MORE}
USUAL = ("untracked", "ignored .env", "staged", "committed", "locked", "submodule", "empty", "staged, then changed")


def works(usual: Collection[str], *, without: Collection[str] = ()) -> pytest.MarkDecorator:
    """All of them in a long run, the usual ones in each."""
    every = [name for name in ALL if name not in without]
    return pytest.mark.parametrize(
        "work", [name if name in usual else pytest.param(name, marks=pytest.mark.soak) for name in every]
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


@pytest.fixture
def writers(place: Place) -> Writers:
    return Writers(place)


@pytest.mark.behaviour("B-1991")
@works(USUAL)
async def test_nothing_is_lost_when_an_agent_ends(writers: Writers, work: str) -> None:
    made = await writers.isolate()
    said = writers.sh(ALL[work], made.top)
    left = await made.leave(ok=work != "staged")
    if work == "empty":
        assert left.branch == "" and left.kept is None and left.text == ""
        assert writers.branches() == ["main"] and not made.top.exists()
        return
    assert "precious" in writers.everything() or work in ("deleted", "locked"), (said, left.text)
    if work == "locked":
        assert left.kept == made.top and "it is locked: on a stick" in left.text and left.branch == ""
    if work in COMMITTED:
        assert left.branch == "coder/agent-a1" and left.kept is None, left.text
        assert not made.top.exists() and left.branch in writers.branches()
        changed = writers.repository.git("diff", "--stat", "main", left.branch)
        assert changed, "the branch has it"
    if left.kept is not None:
        assert left.kept == made.top and made.top.exists() and "is kept at" in left.text


@pytest.mark.behaviour("B-1992")
@works(USUAL[:4], without=("locked", "conflicts"))
async def test_after_a_kill_the_agent_finds_all_of_it_again(writers: Writers, work: str) -> None:
    await asyncio.to_thread(writers.killed, "a1", ALL[work])
    found = remains(writers.cwd)
    assert [(each.agent, each.path, each.was_cut_off) for each in found] == [("a1", writers.tree(), True)]
    assert "agent-a1" in told(found) and "coder worktree list" in told(found)
    assert work in ("empty", "deleted") or "precious" in writers.everything()
    made = await writers.isolate()
    assert made.top == writers.tree() and remains(writers.cwd) == ()
    assert work in ("empty", "deleted") or "precious" in writers.everything()
    await made.leave()
    assert work in ("empty", "deleted") or "precious" in writers.everything()


@pytest.mark.behaviour("B-1991")
async def test_what_it_changed_is_one_commit_of_the_persons_on_its_branch(writers: Writers) -> None:
    before = writers.repository.git("status", "--porcelain")
    made = await writers.isolate(title="mend the cart")
    assert (made.path, made.branch) == (writers.tree(), "coder/agent-a1")
    writers.sh("echo new > new.txt; echo SECRET > .env")
    writers.sh("echo new > new.txt; echo SECRET > .env; echo x >> README.md; rm shop/tax.py", made.path)
    left = await made.leave()
    names = writers.repository.git("diff", "--name-status", "main", left.branch).split("\n")
    assert names == ["M\tREADME.md", "A\tnew.txt", "D\tshop/tax.py"]
    assert writers.repository.git("rev-list", "--count", f"main..{left.branch}") == "1"
    message = writers.repository.git("log", "-1", "--format=%an <%ae>%n%B", left.branch)
    assert message.startswith("Ada <ada@example.org>\nmend the cart\n")
    assert "Coder-Agent: a1\nCo-Authored-By: X" in message
    assert "(3 files committed as " in left.text
    assert writers.repository.git("symbolic-ref", "HEAD") == "refs/heads/main" and before == ""
    assert await made.leave() is left


@pytest.mark.behaviour("B-1991")
async def test_what_it_committed_itself_stays_as_it_is(writers: Writers) -> None:
    made = await writers.isolate()
    writers.sh(f"echo a > a; git add a; {IDENTITY} commit -qm own; echo b > b", made.path)
    left = await made.leave(ok=False)
    subjects = writers.repository.git("log", "--format=%s", f"main..{left.branch}").split("\n")
    assert subjects == ["mend the cart (unfinished)", "own"] and left.kept is None


async def test_its_branch_stays_where_others_have_the_same(writers: Writers) -> None:
    made = await writers.isolate()
    writers.sh(f"echo a > a; git add a; {IDENTITY} commit -qm own; git branch also", made.path)
    left = await made.leave()
    assert left.branch == "coder/agent-a1" and left.kept is None and left.branch in writers.branches()


@pytest.mark.behaviour("B-1993")
async def test_secrets_and_denied_files_are_not_committed_and_keep_the_worktree(place: Place) -> None:
    private = (place.project / "private.txt", place.project / "shop" / "tax.py")
    writers = Writers(place, is_denied=lambda path: path in private)
    writers.repository.write(".worktreeinclude", "private.txt\nbuild/\n")
    writers.repository.write(".git/info/exclude", "private.txt\n")
    writers.repository.write("private.txt", "never")
    writers.repository.write("build/x", "copied")
    made = await writers.isolate()
    assert not (made.path / "private.txt").exists() and (made.path / "build" / "x").exists()
    writers.sh("echo precious > server.key; echo fine > fine.txt; echo 1 >> shop/tax.py", made.path)
    left = await made.leave()
    assert left.branch == "coder/agent-a1" and left.kept == made.top
    assert writers.repository.git("diff", "--name-only", "main", left.branch) == "fine.txt"
    assert "server.key (looks like a secret by its name)" in left.text and "1 untracked file (server.key)" in left.text
    assert "shop/tax.py (your rules deny reading it)" in left.text
    rules, _ = parse_rules([RuleText("Read(/shop/tax.py)", "deny", "project", "", place.project)])
    call, world = ToolUse("c", "Read", {}), LocalWorld(made.path, (made.path,), place.home, place.home)
    for name, verdict in (("shop/tax.py", "deny"), ("shop/cart.py", "allow")):
        assert decide(call, Reads((made.path / name,)), made.rules(rules), "default", world).verdict == verdict


@pytest.mark.behaviour("B-1991")
async def test_no_hook_filter_or_key_of_the_repository_runs(writers: Writers) -> None:
    ran = writers.repository.folder.parent / "ran"
    hooks = writers.repository.folder / ".git" / "hooks"
    for name in (
        "pre-commit",
        "post-commit",
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "commit-msg",
    ):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {ran}\n")
        (hooks / name).chmod(0o755)
    writers.repository.git("config", "filter.bad.clean", f"echo clean >> {ran}; cat")
    writers.repository.git("config", "filter.bad.smudge", f"echo smudge >> {ran}; cat")
    writers.repository.git("config", "commit.gpgsign", "true")
    writers.repository.git("config", "gpg.program", f"echo >> {ran}")
    made = await writers.isolate()
    writers.sh("printf '*.bin filter=bad\\n' > .gitattributes; echo precious > a.bin; echo b > b.txt", made.path)
    left = await made.leave()
    assert not ran.exists()
    assert left.kept == made.top and "a.bin (only a filter of the repository's own settings" in left.text
    assert writers.repository.git("diff", "--name-only", "main", left.branch) == ".gitattributes\nb.txt"


@pytest.mark.behaviour("B-1992")
@pytest.mark.parametrize("left", ["its entry", "an empty folder", "some files", "no file"])
async def test_a_removal_that_was_cut_off_takes_nothing_back_from_the_branch(writers: Writers, left: str) -> None:
    await asyncio.to_thread(
        writers.killed, "a1", "echo precious > fresh.txt; echo x >> README.md", at="worktree remove"
    )
    tree, admin = writers.tree(), writers.repository.folder / ".git" / "worktrees" / "agent-a1"
    assert not tree.exists() and admin.exists() and remains(writers.cwd)
    if left != "its entry":
        tree.mkdir()
    if left in ("some files", "no file"):
        (tree / ".git").write_text(f"gitdir: {admin}\n")
    if left == "some files":
        writers.sh("git checkout-index README.md; echo mine >> README.md", tree)
    again = await writers.isolate()
    assert (again.path / "fresh.txt").read_text() == "precious\n"
    assert writers.sh("git status --porcelain", again.path) == (" M README.md\n" if left == "some files" else "")
    ended = await again.leave()
    assert ended.branch == "coder/agent-a1" and ended.kept is None, ended.text
    assert "precious" in writers.repository.git("show", "coder/agent-a1:fresh.txt")


@pytest.mark.behaviour("B-1992")
@pytest.mark.parametrize("at", ["update-index", "commit-tree", "update-ref"])
async def test_a_commit_that_was_cut_off_is_made_when_the_agent_goes_on(writers: Writers, at: str) -> None:
    await asyncio.to_thread(writers.killed, "a1", "echo precious > fresh.txt; rm README.md", at=at)
    assert [each.was_cut_off for each in remains(writers.cwd)] == [True]
    again = await writers.isolate()
    assert (again.path / "fresh.txt").exists() and not (again.path / "README.md").exists()
    assert (await again.leave()).kept is None
    changed = writers.repository.git("diff", "--name-status", "main", "coder/agent-a1")
    assert changed == "D\tREADME.md\nA\tfresh.txt"


@pytest.mark.behaviour("B-1994")
async def test_a_session_in_a_subfolder_or_a_worktree_gets_agents_at_its_own_commit(writers: Writers) -> None:
    side = writers.cwd.parent / "side"
    writers.sh("git worktree add -q -b side ../side; mkdir ../side/sub; echo 1 > ../side/sub/a")
    writers.sh(f"git add .; {IDENTITY} commit -qm side", side)
    writers.sh("echo uncommitted > sub/b", side)
    made = await isolate(writers.standing_in(side / "sub"), "a1")
    assert made.path == writers.tree() / "sub" and sorted(os.listdir(made.path)) == ["a"]
    assert str(made.path) in made.said and "coder/agent-a1" in made.said and str(side / "sub") in made.said
    assert (await made.leave()).branch == ""


@pytest.mark.behaviour("B-1994")
async def test_where_there_can_be_none_the_agent_is_refused_with_the_reason(place: Place, tmp_path: Path) -> None:
    for folder, prepare, why in (
        ("plain", "true", "in no git repository"),
        ("unborn", "git init -q", "no commit yet"),
        ("bare", "git init -q --bare", "bare repository"),
    ):
        at = tmp_path / folder
        at.mkdir()
        writers = Writers(place, Repository(at, place.home), cwd=at)
        writers.sh(prepare)
        with pytest.raises(ToolError, match=why) as error:
            await writers.isolate()
        assert "\n" not in str(error.value) and "Without `isolation`" in str(error.value)


async def test_two_at_a_time_and_an_id_that_is_taken(writers: Writers) -> None:
    one, two = await asyncio.gather(writers.isolate("a1"), writers.isolate("b2"))
    assert one.path != two.path and remains(writers.cwd) == ()
    with pytest.raises(ToolError, match="somebody works in"):
        await writers.isolate("a1")
    writers.sh("echo 1 > x", one.path)
    writers.sh("echo 2 > x", two.path)
    left = await asyncio.gather(one.leave(), two.leave())
    assert [each.branch for each in left] == ["coder/agent-a1", "coder/agent-b2"]
    with pytest.raises(ToolError, match="name of a worktree"):
        await writers.isolate("../x")


async def test_an_agent_that_goes_on_after_its_end_has_what_it_committed(writers: Writers) -> None:
    made = await writers.isolate()
    writers.sh("echo 1 > x", made.path)
    await made.leave()
    again = await writers.isolate()
    assert (again.path / "x").exists()
    writers.sh("echo 2 > y", again.path)
    left = await again.leave()
    assert writers.repository.git("rev-list", "--count", f"main..{left.branch}") == "2" and left.kept is None


async def test_a_branch_called_coder_is_no_hindrance(writers: Writers) -> None:
    writers.repository.git("branch", "coder")
    made = await writers.isolate()
    writers.sh("echo 1 > x", made.path)
    assert (await made.leave()).branch == "coder-agent-a1"


@pytest.mark.behaviour("B-2714")
async def test_what_the_commit_of_a_killed_process_has_left_goes_with_the_next(
    writers: Writers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    killed = "import os, sys; from coder.core.scratch import Scratch; Scratch('agent', sys.argv[1]); os._exit(9)"
    subprocess.run([sys.executable, "-c", killed, str(temporary)], check=False)
    assert [path.name[:12] for path in temporary.iterdir()] == ["coder-agent-"]
    made = await writers.isolate()
    writers.sh("echo 1 > x", made.path)
    assert (await made.leave()).branch == "coder/agent-a1" and not list(temporary.iterdir())


@pytest.mark.behaviour("B-1991")
async def test_where_a_process_still_works_the_worktree_stays(writers: Writers) -> None:
    made = await writers.isolate()
    with subprocess.Popen(["sleep", "600"], cwd=made.path) as process:
        writers.sh("echo precious > fresh.txt", made.path)
        left = await made.leave()
        process.kill()
    assert left.kept == made.top and left.branch == "coder/agent-a1" and "works there" in left.text


@pytest.mark.behaviour("B-1992")
async def test_a_caller_that_is_cancelled_leaves_no_worktree(writers: Writers) -> None:
    task = asyncio.create_task(writers.isolate())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() and writers.branches() == ["main"] and not writers.tree().exists()


@pytest.mark.behaviour("B-1994")
async def test_a_hook_may_make_it(place: Place) -> None:
    repository = shop(place)
    script = place.home / "make.sh"
    script.write_text(
        f"#!/bin/sh\ncd {place.project}; git worktree add -q -b by-hook {place.home}/tree >&2; echo {place.home}/tree\n"
    )
    script.chmod(0o755)
    settings = place.home / ".coder" / "settings.json"
    settings.parent.mkdir()
    hooks = {"WorktreeCreate": [{"hooks": [{"type": "command", "command": str(script)}]}]}
    settings.write_text(json.dumps({"hooks": hooks}))
    writers = Writers(place, repository)
    made = await writers.isolate()
    assert made.path == place.home / "tree" and made.branch == "by-hook"
    writers.sh("echo precious > fresh.txt", made.path)
    left = await made.leave()
    assert left.branch == "by-hook" and left.kept == made.path and "a hook made it" in left.text
    assert "precious" in repository.git("show", "by-hook")
