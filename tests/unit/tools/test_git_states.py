"""The reading actions of the Git tool in repositories that are in no ordinary state, and outside of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.gitting import Asking, asking
from tests.support.repositories import Repository

ACTIONS = ("status", "diff", "log", "show", "branches", "stashes", "worktrees")


@pytest.fixture
def shop(place: Place) -> Repository:
    return Repository.shop(place)


def head(text: str) -> str:
    return text.partition("\n")[0]


def run(folder: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Plain git, whatever becomes of it."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_EDITOR": "true"}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False, timeout=30
    )


@pytest.mark.behaviour("B-1390")
async def test_before_the_first_commit(place: Place) -> None:
    ask = asking(place)
    ask.repository.write("a.txt", "one\n")
    ask.repository.git("add", "a.txt")
    assert (await ask("status")).startswith("On branch main, with no commit yet.\nStaged (1):\n  A a.txt")
    assert await ask("diff", staged=True) == "A a.txt +1 -0\n@@ -0,0 +1 @@\n+one"
    for action in ("log", "show"):
        assert await ask(action) == "error: There is no commit yet."
    assert "no branch yet" in await ask("branches")
    assert await ask("show", rev=":a.txt") == "     1\tone"


@pytest.mark.behaviour("B-1390")
async def test_detached(shop: Repository) -> None:
    shop.git("checkout", "-q", "v1.0")
    ask = Asking(shop)
    assert head(await ask("status")) == f"Detached at {shop.git('rev-parse', 'HEAD')[:10]}, on no branch."
    assert "no upstream" in await ask("diff", rev="@{u}") or "does not point to a branch" in await ask(
        "diff", rev="@{u}"
    )


@pytest.mark.behaviour("B-1390")
async def test_bare(shop: Repository) -> None:
    shop.git("config", "core.bare", "true")
    ask = Asking(shop)
    assert "bare repository" in await ask("status") and "bare repository" in await ask("diff")
    assert "tax: know the rate" in await ask("log") and "* main" in await ask("branches")
    assert "RATE = 19" in await ask("show", rev="HEAD:shop/tax.py")
    assert "+RATE = 19" in await ask("diff", rev="v1.0..HEAD")


@pytest.mark.behaviour("B-1390")
async def test_files_that_look_like_a_repository_without_a_work_tree_are_none(shop: Repository) -> None:
    inner = shop.folder / "vendor"
    subprocess.run(["git", "init", "-q", "--bare", str(inner)], check=True)
    text = await Asking(shop, inner)("status")
    assert text.startswith("error: git cannot read the repository")


@pytest.mark.behaviour("B-1382")
async def test_conflicts_come_first_and_the_merge_is_named(shop: Repository) -> None:
    shop.git("checkout", "-q", "-b", "side", "HEAD~1")
    shop.write("shop/tax.py", "RATE = 7\n")
    shop.write("new.txt", "new\n")
    shop.commit("side")
    assert run(shop.folder, shop.home, "merge", "main").returncode
    text = (await Asking(shop)("status")).splitlines()
    assert text[1].startswith("In the middle of a merge: commit when")
    assert text[2:4] == ["Conflicts (1):", "  both added: shop/tax.py"]
    diff = await Asking(shop)("diff")
    assert "U shop/tax.py +4 -0" in diff and "+=======" in diff
    assert "U shop/tax.py" in await Asking(shop)("diff", staged=True)
    assert "+=======" in await Asking(shop)("diff", rev="HEAD")
    (shop.folder / "shop/tax.py").unlink()
    assert "U shop/tax.py" in await Asking(shop)("diff")
    assert await Asking(shop)("show", rev=":2:shop/tax.py") == "     1\tRATE = 7"
    assert await Asking(shop)("show", rev=":3:shop/tax.py") == "     1\tRATE = 19"


@pytest.mark.behaviour("B-1382")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("rebase", "main"), "In the middle of a rebase of side (step 1 of 2): "),
        (("rebase", "--apply", "main"), "In the middle of a rebase of side (step 1 of 2): "),
        (("cherry-pick", "main"), "In the middle of a cherry-pick: "),
        (("revert", "HEAD~1"), "In the middle of a revert: "),
        (("am", "../patch"), "In the middle of an am (step 1 of 1): "),
    ],
)
async def test_what_is_going_on_is_named_with_its_step(shop: Repository, command: tuple[str, ...], said: str) -> None:
    shop.git("checkout", "-q", "-b", "side", "HEAD~1")
    for rate in (7, 8):
        shop.write("shop/tax.py", f"RATE = {rate}\n")
        shop.commit(f"side {rate}")
    patch = shop.git("format-patch", "-1", "--stdout", "main")
    (shop.folder.parent / "patch").write_text(patch + "\n", encoding="utf-8")
    assert run(shop.folder, shop.home, *command).returncode
    assert said in await Asking(shop)("status")


@pytest.mark.behaviour("B-1382")
async def test_a_bisection_is_named(shop: Repository) -> None:
    shop.git("bisect", "start", "HEAD", "HEAD~2")
    text = await Asking(shop)("status")
    assert text.startswith("Detached at ") and "In the middle of a bisect: `git bisect good|bad`" in text


@pytest.mark.behaviour("B-1390")
async def test_a_linked_work_tree(shop: Repository, tmp_path: Path) -> None:
    shop.git("worktree", "add", "-q", "-b", "work", str(tmp_path / "linked"))
    (tmp_path / "linked" / "README.md").write_text("changed\n", encoding="utf-8")
    text = await Asking(shop, tmp_path / "linked")("status")
    assert text.startswith("On branch work.\nA linked work tree of ") and "M README.md" in text
    assert "checked out in" in await Asking(shop)("branches")
    assert head(await Asking(shop, tmp_path / "linked")("diff")) == "M README.md +1 -3"


@pytest.mark.behaviour("B-1390")
@pytest.mark.behaviour("B-1393")
async def test_a_submodule_from_without_and_within(shop: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", str(shop.folder), str(other)], check=True, capture_output=True)
    shop.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "parts/sub")
    shop.commit("a submodule")
    (shop.folder / "parts/sub/README.md").write_text("changed\n", encoding="utf-8")
    assert "Nothing is changed." in await Asking(shop)("status"), "what is in it is its own"
    inside = await Asking(shop, shop.folder / "parts/sub")("status")
    assert "A submodule of a repository above." in inside and "M README.md" in inside
    run(shop.folder / "parts/sub", shop.home, "commit", "-qam", "sub")
    assert "M parts/sub (submodule)" in await Asking(shop)("status")
    assert "+Subproject commit" in await Asking(shop)("diff")
    assert "is a submodule there" in await Asking(shop)("show", rev="HEAD:parts/sub")


@pytest.mark.behaviour("B-1390")
async def test_shallow_and_sparse(shop: Repository, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{shop.folder}", str(clone)], check=True)
    ask = Asking(Repository(clone, shop.home))
    assert "A shallow clone" in await ask("status") and "older history is not here" in await ask("log")
    subprocess.run(["git", "-C", str(clone), "sparse-checkout", "set", "shop"], check=True, capture_output=True)
    assert "A sparse checkout" in await ask("status") and "Nothing is changed." in await ask("status")
    subprocess.run(["git", "-C", str(clone), "sparse-checkout", "disable"], check=True, capture_output=True)
    assert "sparse" not in await ask("status")


@pytest.mark.behaviour("B-1390")
async def test_an_index_that_is_locked_is_read_and_the_lock_left_alone(shop: Repository) -> None:
    lock = shop.write(".git/index.lock", "")
    shop.write("README.md", "changed\n")
    ask = Asking(shop)
    for action in ACTIONS:
        assert not (await ask(action)).startswith("error")
    assert lock.exists()


@pytest.mark.behaviour("B-1390")
@pytest.mark.parametrize(
    ("file", "content"),
    [("index", "no index"), ("HEAD", "no head"), ("config", "[no config"), ("HEAD", "ref: refs/heads/nope")],
)
async def test_a_damaged_repository_is_said_to_be_one(shop: Repository, file: str, content: str) -> None:
    shop.write(f".git/{file}", content)
    for action in ACTIONS:
        text = await Asking(shop)(action)
        assert "Traceback" not in text
        assert not text.startswith("error") or (text.count("\n") == 0 and len(text) > 20), text


@pytest.mark.behaviour("B-1390")
async def test_missing_objects_are_said_to_miss(shop: Repository) -> None:
    blob = shop.git("rev-parse", "HEAD:shop/tax.py")
    (shop.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert "damaged" in await Asking(shop)("show", rev="HEAD:shop/tax.py")
    assert "error: " in await Asking(shop)("show")


@pytest.mark.behaviour("B-1390")
async def test_a_repository_of_somebody_else(shop: Repository) -> None:
    ask = Asking(shop, env={"HOME": str(shop.home), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert not (await ask("status")).startswith("error"), "variables of git are not passed on"
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    for place in (shop.folder, shop.folder / ".git"):
        os.chown(place, 65534, 65534)
    text = await Asking(shop)("status")
    assert "somebody else's" in text and f"safe.directory {shop.folder}" in text and "\n" not in text


@pytest.mark.behaviour("B-1390")
async def test_outside_git(place: Place, tmp_path: Path) -> None:
    ask = asking(place, at=tmp_path)
    for action in ACTIONS:
        assert await ask(action) == f"error: {tmp_path} is in no git repository; `git init` would make one."


@pytest.mark.behaviour("B-1390")
async def test_without_git(shop: Repository, tmp_path: Path) -> None:
    text = await Asking(shop, env={"PATH": str(tmp_path)})("status")
    assert text == "error: git is not installed, or not on PATH: install it, or do without."


@pytest.mark.behaviour("B-1391")
async def test_a_git_that_hangs_is_ended_with_all_it_started(shop: Repository, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    started = tmp_path / "started"
    fake.write_text(f"#!/bin/sh\nsleep 600 & echo $! >>{started}\nwait\n", encoding="utf-8")
    fake.chmod(0o755)
    ask = Asking(shop, env={"PATH": f"{fake.parent}:{os.environ['PATH']}"})
    ticks = 0

    async def ticking() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(ticking())
    text = await ask("status")
    beside.cancel()
    assert "took too long" in text and "\n" not in text and ticks > 10
    for line in started.read_text(encoding="ascii").split():
        assert not Path(f"/proc/{line}").exists() or "Z" in Path(f"/proc/{line}/stat").read_text()


@pytest.mark.behaviour("B-1394")
async def test_odd_names_stand_on_lines_of_their_own(shop: Repository) -> None:
    names = ("a b", "new\nline", "-n", ":(glob)*", "q'\"uote", "é", "esc\x1b[31m", "[x]*?")
    for name in names:
        shop.write(name, "x\n")
    (Path(os.fsdecode(os.fsencode(shop.folder) + b"/bad\xff"))).write_text("x\n", encoding="utf-8")
    ask = Asking(shop)
    status = (await ask("status")).splitlines()
    for shown in ("a b", "new\\nline", "-n", ":(glob)*", "q'\"uote", "é", "esc\\x1b[31m", "[x]*?", "bad\\xff"):
        assert f"  {shown}" in status
    shop.git("add", "-A")
    diff = (await ask("diff", staged=True)).splitlines()
    for shown in ("a b", "new\\nline", "-n", ":(glob)*", "q'\"uote", "é", "esc\\x1b[31m", "[x]*?", "bad\\xff"):
        assert diff.count(f"A {shown} +1 -0") == 1 and f"  A {shown} +1 -0" in diff
    shop.commit("odd")
    for name in names:
        assert (await ask("blame", paths=[name])).endswith("     1\tx"), name
        assert await ask("show", rev=f"HEAD:{name}") == "     1\tx" or "\n" in name or "\x1b" in name
        assert len((await ask("log", paths=[name])).splitlines()) == 1
        assert head(await ask("diff", rev="HEAD~1..HEAD", paths=[name])).startswith("A ")


@pytest.mark.behaviour("B-1389")
@pytest.mark.parametrize(
    "rev",
    [
        "--output={out}",
        "-O{out}",
        "--all",
        "-p",
        "^HEAD",
        "--help",
        "HEAD --output={out}",
        "HEAD\n--all",
        "",
        "\0",
        "\ud800",
    ],
)
async def test_what_looks_like_an_option_is_none(shop: Repository, tmp_path: Path, rev: str) -> None:
    out = tmp_path / "out"
    ask = Asking(shop)
    text = rev.replace("{out}", str(out))
    for action in ("diff", "log", "show", "blame"):
        paths = ["README.md"] if action == "blame" else []
        for given in (text, f"{text}..HEAD", f"HEAD...{text}", f"{text}:README.md"):
            answer = await ask(action, rev=given, paths=paths)
            assert answer.startswith("error: ") or not text, (action, given, answer)
    assert (await ask("diff", base=text)).startswith("error: ")
    assert not out.exists()


@pytest.mark.behaviour("B-1389")
async def test_names_that_git_gives_a_meaning(shop: Repository) -> None:
    ask = Asking(shop)
    assert "tax: know" in head(await ask("log", rev="HEAD^{/tax}"))
    assert "cart: add" in head(await ask("log", rev=":/cart"))
    assert "no upstream" in await ask("log", rev="@{u}")
    assert "cart: add" in head(await ask("log", rev="@~1"))
    assert "+RATE" in await ask("show", rev="main@{0}")
    shop.git("update-ref", "refs/heads/-n", "HEAD~1")
    assert "cart: add" in head(await ask("log", rev="refs/heads/-n"))
    assert "-n" in await ask("branches")
