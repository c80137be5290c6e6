"""The contents a repository holds already: taken only where they are certain, taken over before they can go."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.checkpoints.changelog import Mark, now
from coder.checkpoints.gitindex import read_index
from coder.checkpoints.recorder import Recorder, Surroundings
from tests.support.rewinding import git, tree


class Place:
    """A repository with files that were committed long ago, as git sees it, and a recorder that has looked at it."""

    def __init__(self, folder: Path) -> None:
        self.project, self._base = folder / "project", folder / "base"
        self.project.mkdir()
        git(self.project, "init", "-q")
        (self.project / "a.txt").write_text("first\n")
        (self.project / "sub").mkdir()
        (self.project / "sub/b.txt").write_text("second\n")
        self.recorder: Recorder | None = None
        self._folder = folder

    def commit(self) -> None:
        git(self.project, "add", "-A")
        git(self.project, "commit", "-qm", "x")
        later = time.time() + 60
        os.utime(self.project / ".git" / "index", (later, later))

    def look(self, root: Path | None = None) -> dict[str, str]:
        """The contents by path after a first look."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        around = Surroundings(self._folder / "nobody", (self._base,), env)
        self.recorder = Recorder(self._base, "s", [root or self.project], around, lambda text: None)
        self.recorder.mark(Mark("p", "", now()))
        self.recorder.snapshot("look")
        rows = self.recorder._trees[0].rows or {}  # what it costs is not seen from outside
        return {path: content for path, (_, content) in rows.items() if content}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    if made.recorder is not None:
        made.recorder.close()


def test_files_that_git_knows_are_not_read(place: Place) -> None:
    place.commit()
    (place.project / "new.txt").write_text("new\n")
    found = place.look()
    blob = git(place.project, "rev-parse", ":a.txt").strip()
    assert found["a.txt"] == f"g:{blob}"
    assert found["new.txt"].startswith("b:")


def test_a_file_that_was_changed_since_is_read(place: Place) -> None:
    place.commit()
    status = (place.project / "a.txt").stat()
    (place.project / "a.txt").write_text("FIRST\n")
    os.utime(place.project / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert place.look()["a.txt"].startswith("b:")


def test_a_file_written_when_the_index_was_is_read(place: Place) -> None:
    place.commit()
    status = (place.project / "a.txt").stat()
    os.utime(place.project / ".git" / "index", ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert place.look()["a.txt"].startswith("b:")


def test_a_working_folder_inside_the_repository_is_seeded_too(place: Place) -> None:
    place.commit()
    assert place.look(place.project / "sub")["b.txt"].startswith("g:")


def test_a_linked_work_tree_is_seeded_too(place: Place, tmp_path: Path) -> None:
    place.commit()
    git(place.project, "worktree", "add", "-q", str(tmp_path / "linked"))
    later = time.time() + 60
    os.utime(place.project / ".git/worktrees/linked/index", (later, later))
    assert place.look(tmp_path / "linked")["a.txt"].startswith("g:")


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_the_index_is_read_as_git_reads_it(place: Place, version: str) -> None:
    for name in ("x", "xylophone", "ünï", "deep/er/est", "n" * 250, "sp ace"):
        path = place.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    place.commit()
    git(place.project, "update-index", "--index-version", version)
    if version == "3":
        git(place.project, "update-index", "--skip-worktree", "x")
    index = read_index(place.project / ".git" / "index")
    assert index is not None
    listed = git(place.project, "ls-files", "-s", "-z").split("\0")
    wanted = {line.partition("\t")[2]: line.split()[1] for line in listed if line}
    assert {name: staged.blob.hex() for name, staged in index.files.items()} == wanted


@pytest.mark.parametrize("data", [b"", b"DIRC", b"DIRC\0\0\0\x02\0\0\0\x05", b"DIRC\0\0\0\x09\0\0\0\0" + b"\0" * 20])
def test_an_index_that_cannot_be_read_is_done_without(place: Place, data: bytes) -> None:
    place.commit()
    (place.project / ".git" / "index").write_bytes(data)
    assert place.look()["a.txt"].startswith("b:")


@pytest.mark.parametrize(
    "attributes",
    ["* text=auto\n", "*.txt ident\n", "a.txt filter=x\n", "*.txt working-tree-encoding=ISO-8859-1\n", "* eol=crlf\n"],
)
@pytest.mark.parametrize("where", ["tracked", "untracked", "info"])
def test_where_git_converts_files_all_are_read(place: Place, attributes: str, where: str) -> None:
    if where == "untracked":
        place.commit()
    file = place.project / (".git/info/attributes" if where == "info" else ".gitattributes")
    file.write_text(attributes)
    if where != "untracked":
        place.commit()
    assert place.look()["a.txt"].startswith("b:")


def test_attributes_that_change_no_bytes_are_no_hindrance(place: Place) -> None:
    (place.project / ".gitattributes").write_text("*.txt diff=python export-ignore -merge\n")
    place.commit()
    assert place.look()["a.txt"].startswith("g:")


def test_a_setting_that_converts_line_ends_is_one(place: Place) -> None:
    git(place.project, "config", "core.autocrlf", "input")
    place.commit()
    assert place.look()["a.txt"].startswith("b:")


def test_what_changes_is_taken_over_so_that_git_may_drop_it(place: Place) -> None:
    place.commit()
    place.look()
    recorder = place.recorder
    assert recorder is not None
    before = tree(place.project)
    id = recorder.before("x", "command", [], scan=True)
    (place.project / "a.txt").unlink()
    (place.project / "sub/b.txt").chmod(0o600)
    record = recorder.after(id)
    assert [entry.content[:2] for change in record.changes for entry in (change.before, change.after) if entry] == [
        "b:"
    ] * 3
    git(place.project, "update-ref", "-d", "HEAD")
    (place.project / ".git" / "index").unlink()
    git(place.project, "reflog", "expire", "--expire=now", "--all")
    git(place.project, "gc", "-q", "--prune=now")
    from coder.checkpoints.back import Back

    Back(recorder.base, recorder.log, recorder.contents).rewind("p")
    assert tree(place.project) == before


def grow_old(path: Path) -> None:
    """Until a look no longer takes the file for one that may be changing just now."""
    while time.time_ns() - path.stat().st_ctime_ns < 100_000_000:
        pass


def test_a_content_that_git_holds_in_another_form_is_not_taken_for_the_files(place: Place) -> None:
    (place.project / ".gitattributes").write_text("a.txt text\n")
    (place.project / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    place.commit()
    (place.project / ".gitattributes").unlink()
    git(place.project, "rm", "-q", "--cached", ".gitattributes")
    later = time.time() + 60
    os.utime(place.project / ".git" / "index", (later, later))
    grow_old(place.project / "a.txt")
    assert place.look()["a.txt"].startswith("g:")
    assert place.recorder is not None
    id = place.recorder.before("x", "command", [], scan=True)
    (place.project / "a.txt").unlink()
    (change,) = place.recorder.after(id).changes
    assert change.before is not None
    assert not change.before.is_kept
