"""Merging what agents changed: whole or not at all, and to be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coder.git.call import Git
from coder.git.merge import tried
from tests.support.cli import Place
from tests.support.writers import IDENTITY, Writers

LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


@pytest.fixture
async def writers(place: Place) -> AsyncIterator[Writers]:
    made = Writers(place)
    made.repository.write("lines.txt", LINES)
    made.repository.commit("lines")
    yield made
    await made.checkpoints.aclose()


async def branch(writers: Writers, id: str, work: str) -> str:
    """The branch of an agent that did some work."""
    isolated = await writers.isolate(id, f"work of {id}")
    writers.sh(work, isolated.path)
    return (await isolated.leave()).branch


@pytest.mark.behaviour("B-1995")
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
async def test_two_writers_of_one_file_lose_nothing(writers: Writers, order: tuple[str, str]) -> None:
    one, two = await asyncio.gather(
        branch(writers, "a", "sed -i 's/^line 1$/line one/' lines.txt; echo a > a.txt"),
        branch(writers, "b", "sed -i 's/^line 20$/line twenty/' lines.txt; echo b > b.txt"),
    )
    names = {"a": one, "b": two}
    merged = [await writers.merging.merge(names[each], "the lines") for each in order]
    assert [each.ok for each in merged] == [True, True], merged
    text = (writers.cwd / "lines.txt").read_text()
    assert text == LINES.replace("line 1\n", "line one\n").replace("line 20\n", "line twenty\n")
    assert writers.sh("git status --porcelain") == "" and writers.sh("cat a.txt b.txt") == "a\nb\n"
    assert writers.repository.git("rev-parse", "main") == merged[1].commit
    assert writers.repository.git("log", "-1", "--format=%s", "main") == f"Merge branch '{names[order[1]]}': the lines"
    assert merged[0].text.endswith(" · coder undo takes it back") and "2 files" in merged[0].text


@pytest.mark.behaviour("B-1995")
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
async def test_a_conflict_changes_nothing_and_is_named(writers: Writers, order: tuple[str, str]) -> None:
    names = {
        "a": await branch(writers, "a", "sed -i 's/^line 1$/line one/' lines.txt; echo a > same.txt"),
        "b": await branch(writers, "b", "sed -i 's/^line 1$/line uno/' lines.txt; echo b > same.txt"),
    }
    assert (await writers.merging.merge(names[order[0]])).ok
    before = writers.repository.git("rev-parse", "HEAD")
    conflict = await writers.merging.merge(names[order[1]])
    assert not conflict.ok and conflict.conflicts == ("lines.txt", "same.txt")
    assert "Nothing has changed" in conflict.text and f"git merge {names[order[1]]}" in conflict.text
    assert writers.repository.git("rev-parse", "HEAD") == before and writers.sh("git status --porcelain") == ""
    assert set(names.values()) <= set(writers.branches())


@pytest.mark.behaviour("B-1996")
async def test_what_is_not_committed_here_stays(writers: Writers) -> None:
    made = await branch(writers, "a", "sed -i 's/^line 1$/line one/' lines.txt; echo a > a.txt; rm shop/tax.py")
    writers.sh("echo mine >> README.md; echo staged > staged.txt; git add staged.txt; echo fresh > fresh.txt")
    assert (await writers.merging.merge(made)).ok
    status = writers.sh("git status --porcelain").splitlines()
    assert status == [" M README.md", "A  staged.txt", "?? fresh.txt"] and not (writers.cwd / "shop/tax.py").exists()


@pytest.mark.behaviour("B-1996")
@pytest.mark.parametrize(
    "mine, named",
    [
        ("echo mine >> lines.txt", "lines.txt"),
        ("echo mine >> lines.txt; git add lines.txt", "lines.txt"),
        ("git rm -q lines.txt", "lines.txt"),
        ("echo mine > a.txt", "a.txt"),
        ("echo a.txt > .git/info/exclude; echo mine > a.txt", "a.txt"),
        ("echo mine > deep", "deep"),
        ("mkdir ../out; echo mine > ../out/b.txt; ln -s ../out deep", "deep"),
        ("echo mine >> shop/tax.py", "shop/tax.py"),
        ("mkdir -p build; echo mine > build/x", ""),
        ("mkdir a.txt; echo mine > a.txt/x", ""),
    ],
)
async def test_what_is_in_the_way_stays_and_is_named(writers: Writers, mine: str, named: str) -> None:
    made = await branch(
        writers,
        "a",
        "sed -i 's/^line 1$/line one/' lines.txt; echo a > a.txt; mkdir deep; echo b > deep/b.txt; rm shop/tax.py",
    )
    writers.sh(mine)
    before = writers.sh("git rev-parse HEAD; git status --porcelain --ignored; cat a.txt deep ../out/* build/x a.txt/x")
    merged = await writers.merging.merge(made)
    if "build" in mine:
        assert merged.ok
        return
    assert not merged.ok and merged.conflicts == ((named,) if named else ()), merged.text
    after = writers.sh("git rev-parse HEAD; git status --porcelain --ignored; cat a.txt deep ../out/* build/x a.txt/x")
    assert after == before and named in merged.text
    writers.sh("git checkout -q HEAD -- . ; git clean -qfdx -e .claude; rm -f .git/info/exclude")
    assert (await writers.merging.merge(made)).ok


@pytest.mark.behaviour("B-1997")
@pytest.mark.parametrize("moved", [False, True], ids=["forward", "two parents"])
async def test_a_merge_is_taken_back_whole_and_brought_again(writers: Writers, moved: bool) -> None:
    made = await branch(writers, "a", "echo x >> README.md; echo a > a.txt; rm shop/tax.py; chmod +x shop/cart.py")
    if moved:
        writers.sh(f"echo more >> lines.txt; {IDENTITY} commit -qam more")
    writers.sh("echo mine >> lines.txt; echo staged > s; git add s")
    before = writers.sh("git rev-parse HEAD; git status --porcelain; git diff HEAD; git ls-files -s")
    merged = await writers.merging.merge(made)
    assert merged.ok and not (writers.cwd / "shop/tax.py").exists()
    after = writers.sh("git rev-parse HEAD; git status --porcelain; git diff HEAD; git ls-files -s")
    undone = await writers.undoing.undo()
    assert sorted(Path(path).name for path in undone.files) == ["README.md", "a.txt", "cart.py", "tax.py"]
    assert writers.sh("git rev-parse HEAD; git status --porcelain; git diff HEAD; git ls-files -s") == before
    assert made in writers.branches()
    await writers.undoing.redo()
    assert writers.sh("git rev-parse HEAD; git status --porcelain; git diff HEAD; git ls-files -s") == after


@pytest.mark.behaviour("B-1998")
async def test_no_hook_filter_driver_or_key_of_the_repository_runs(writers: Writers) -> None:
    ran = writers.repository.folder.parent / "ran"
    git = writers.repository.git
    writers.repository.write(".gitattributes", "*.txt merge=bad\n*.bin filter=bad diff=bad\n")
    writers.repository.write("a.bin", "1\n")
    writers.repository.commit("attributes")
    made = await branch(writers, "a", "sed -i 's/^line 1$/line one/' lines.txt; echo x >> README.md; git rm -q a.bin")
    other = await branch(
        writers, "b", "echo y > y.bin; echo z >> shop/tax.py; git add .; git -c core.hooksPath=/x commit -qm y"
    )
    writers.sh(f"sed -i 's/^line 20$/line twenty/' lines.txt; {IDENTITY} commit -qam mine")
    hooks = writers.repository.folder / ".git" / "hooks"
    for name in ("post-merge", "pre-merge-commit", "reference-transaction", "post-index-change", "commit-msg"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {ran}\n")
        (hooks / name).chmod(0o755)
    for key in (
        "merge.bad.driver",
        "filter.bad.smudge",
        "filter.bad.clean",
        "diff.bad.textconv",
        "gpg.program",
        "core.fsmonitor",
    ):
        git("config", key, f"echo {key} >> {ran}; true")
    git("config", "commit.gpgsign", "true")
    merged = await writers.merging.merge(made)
    assert not merged.ok and merged.conflicts == ("lines.txt",), "a driver that does not run is a conflict"
    assert (await writers.merging.merge(other)).ok
    assert not ran.exists(), ran.read_text()


async def test_the_persons_own_driver_runs(writers: Writers) -> None:
    writers.repository.write(".gitattributes", "*.txt merge=mine\n")
    writers.repository.commit("attributes")
    made = await branch(writers, "a", "sed -i 's/^line 1$/line one/' lines.txt")
    writers.sh(f"sed -i 's/^line 20$/line twenty/' lines.txt; {IDENTITY} commit -qam mine")
    writers.sh("git config --global merge.mine.driver 'echo by hand > %A'; git config merge.mine.driver 'exit 1'")
    assert (await writers.merging.merge(made)).ok
    assert (writers.cwd / "lines.txt").read_text() == "by hand\n"


@pytest.mark.behaviour("B-1995")
async def test_where_nothing_can_be_merged_it_says_why(writers: Writers) -> None:
    made = await branch(writers, "a", "echo a > a.txt")
    for prepare, back, why in (
        ("git switch -q --detach", "git switch -q main", "HEAD is on no branch"),
        ("touch .git/index.lock", "rm .git/index.lock", "another git works there"),
        ("touch .git/MERGE_HEAD", "rm .git/MERGE_HEAD", "a merge is under way"),
    ):
        writers.sh(prepare)
        merged = await writers.merging.merge(made)
        writers.sh(back)
        assert not merged.ok and why in merged.text and "Nothing has changed" in merged.text, merged.text
        assert "\n" not in merged.text and not (writers.cwd / "a.txt").exists()
    for name in ("nowhere", "coder/agent-a..main", "-x", "", "a\nb", "HEAD"):
        assert not (await writers.merging.merge(name)).ok
    assert (await writers.merging.merge(f"refs/heads/{made}")).ok
    again = await writers.merging.merge(made)
    assert again.ok and "already" in again.text


async def test_several_at_once_come_one_after_the_other(writers: Writers) -> None:
    names = [await branch(writers, f"a{number}", f"echo {number} > {number}.txt") for number in range(4)]
    merged = await asyncio.gather(*(writers.merging.merge(name) for name in names))
    assert all(each.ok for each in merged)
    assert writers.sh("cat ?.txt") == "0\n1\n2\n3\n" and writers.sh("git status --porcelain") == ""


async def test_a_git_that_cannot_try_a_merge_is_named(writers: Writers, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\ncase \"$*\" in *merge-tree*) echo 'usage: git merge-tree' >&2; exit 129;; esac\nexit 1\n"
    )
    fake.chmod(0o755)
    assert "2.38" in tried(Git({"PATH": f"{fake.parent}:/usr/bin:/bin"}, []), writers.cwd, "a", "b").problem
