"""Files, folders and links are swapped while a rewind is under way: nothing outside is touched, nothing is lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.checkpoints.compose import Net
from coder.checkpoints.contents import Contents
from coder.checkpoints.entries import Entry
from coder.checkpoints.plan import make_plan
from coder.checkpoints.restore import Restore
from tests.support.rewinding import Bench, git, tree


class Rewinding:
    """A rewind that brings `sub/gone` back, `sub/changed` to what it was, and takes `sub/made` away."""

    def __init__(self, folder: Path) -> None:
        self.outside = folder / "outside"
        self.project = Path(os.path.realpath(folder / "project"))
        for place in (self.outside, self.project / "sub"):
            place.mkdir(parents=True)
            (place / "changed").write_text("new\n")
            (place / "made").write_text("made\n")
        self.contents = Contents(folder / "base")
        mode = stat.S_IMODE((self.project / "sub/changed").stat().st_mode)
        old, new, made = (
            Entry("file", mode, len(data), self.contents.put(data)) for data in (b"old\n", b"new\n", b"made\n")
        )
        sub = f"{self.project}/sub"
        nets = [
            Net(f"{sub}/changed", old, new),
            Net(f"{sub}/gone", old, None),
            Net(f"{sub}/made", None, made),
        ]
        self.nets = {net.path: net for net in nets}

    def run(self, swap: Callable[[], object], *, when: str) -> list[str]:
        """Goes back, with the swap at that moment. Returns the names that were left."""
        if when == "before":
            swap()
        plan = make_plan(self.nets, self.contents)
        if when == "planned":
            swap()
        restore = Restore(plan, self.contents, "id")
        restore.plan_ready()
        restore.lay_ready()
        if when == "laid":
            swap()
        _, passed = restore.put_in_place()
        self.contents.close()
        return [Path(path).name for path in passed]


@pytest.fixture
def going(tmp_path: Path) -> Rewinding:
    return Rewinding(tmp_path)


def test_it_restores_brings_back_and_deletes(going: Rewinding) -> None:
    assert going.run(lambda: None, when="never") == []
    assert {path.name: path.read_text() for path in (going.project / "sub").iterdir()} == {
        "changed": "old\n",
        "gone": "old\n",
    }


@pytest.mark.behaviour("B-465")
@pytest.mark.parametrize("when", ["before", "laid"])
def test_a_folder_swapped_for_a_link_leads_nowhere(going: Rewinding, when: str) -> None:
    before = tree(going.outside)

    def swap() -> None:
        (going.project / "sub").rename(going.project / "aside")
        (going.project / "sub").symlink_to(going.outside)

    going.run(swap, when=when)
    assert tree(going.outside) == before
    assert (going.project / "sub").is_symlink()


@pytest.mark.behaviour("B-454")
@pytest.mark.parametrize("when", ["planned", "laid"])
def test_a_file_changed_in_the_last_moment_is_left(going: Rewinding, when: str) -> None:
    sub = going.project / "sub"
    passed = going.run(lambda: [(sub / name).write_text("theirs\n") for name in ("changed", "made", "gone")], when=when)
    assert sorted(passed) == ["changed", "gone", "made"]
    assert {path.name: path.read_text() for path in sub.iterdir()} == dict.fromkeys(
        ("changed", "made", "gone"), "theirs\n"
    )


def test_a_file_swapped_for_a_link_is_left_with_its_goal(going: Rewinding) -> None:
    sub = going.project / "sub"
    before = tree(going.outside)

    def swap() -> None:
        (sub / "changed").unlink()
        (sub / "changed").symlink_to(going.outside / "changed")

    assert going.run(swap, when="laid") == ["changed"]
    assert tree(going.outside) == before
    assert (sub / "changed").is_symlink()


def test_what_lay_ready_is_cleared_away(going: Rewinding) -> None:
    restore = Restore(make_plan(going.nets, going.contents), going.contents, "id")
    before = tree(going.project)
    restore.plan_ready()
    restore.lay_ready()
    assert tree(going.project) != before
    restore.clear()
    assert tree(going.project) == before
    going.contents.close()


def test_a_stranger_at_a_temporary_path_is_not_written_through(going: Rewinding) -> None:
    before = tree(going.outside)
    restore = Restore(make_plan(going.nets, going.contents), going.contents, "id")
    restore.plan_ready()
    for path in restore.ready.values():
        Path(path).symlink_to(going.outside / "changed")
    restore.lay_ready()
    restore.put_in_place()
    assert tree(going.outside) == before
    assert (going.project / "sub/changed").read_text() == "old\n"
    going.contents.close()


@pytest.mark.parametrize("force", [False, True])
async def test_a_repository_that_the_person_committed_to_since_stays_whole(tmp_path: Path, force: bool) -> None:
    bench = Bench(tmp_path)
    bench.prompt("p")
    await bench.bash("mkdir sub && cd sub && git init -q && echo 1 > ours && git add . && git commit -qm ours")
    sub = bench.project / "sub"
    (sub / "mine").write_text("2\n")
    git(sub, "add", ".")
    git(sub, "commit", "-qm", "mine")
    before = tree(sub / ".git", without=())
    preview = await bench.checkpoints.preview("p", force=force)
    assert [left.path for left in preview.conflicts] == [str(sub / ".git")]
    await bench.checkpoints.rewind("p", "files", force=force)
    assert tree(sub / ".git", without=()) == before
    assert sorted(os.listdir(sub)) == [".git", "mine"]
    await bench.aclose()


async def test_a_repository_that_was_made_anew_where_one_was_deleted_stays_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    sub = bench.project / "sub"
    sub.mkdir()
    git(sub, "init", "-q")
    (sub / "a").write_text("a\n")
    git(sub, "add", ".")
    git(sub, "commit", "-qm", "old")
    bench.prompt("p")
    await bench.bash("rm -rf sub")
    sub.mkdir()
    git(sub, "init", "-q")
    git(sub, "commit", "-q", "--allow-empty", "-m", "new")
    before = tree(sub / ".git", without=())
    await bench.checkpoints.rewind("p", "files")
    assert tree(sub / ".git", without=()) == before
    assert (sub / "a").read_text() == "a\n"
    await bench.aclose()
