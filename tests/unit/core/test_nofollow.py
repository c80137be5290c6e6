from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.core import nofollow
from coder.core.nofollow import Folders

LED_AWAY = "a link is in its place"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/file").write_text("in")
    (tmp_path / "outside/b").mkdir(parents=True)
    (tmp_path / "outside/b/file").write_text("out")
    return tmp_path


def swap(tree: Path, name: str, target: str) -> None:
    (tree / name).rename(tree / "aside")
    (tree / name).symlink_to(tree / target)


def text(descriptor: int) -> str:
    with os.fdopen(descriptor) as file:
        return file.read()


@pytest.mark.behaviour("B-710")
@pytest.mark.parametrize(("name", "target"), [("a", "outside"), ("a/b", "outside/b"), ("a/b/file", "outside/b/file")])
def test_a_link_anywhere_in_the_path_is_refused(tree: Path, name: str, target: str) -> None:
    path = tree / "a/b/file"
    assert text(nofollow.open_file(path)) == "in"
    assert nofollow.status(path).st_size == 2
    swap(tree, name, target)
    for look in (nofollow.open_file, nofollow.status):
        with pytest.raises(OSError, match=LED_AWAY):
            look(path)
    with Folders(str(tree)) as top:
        with pytest.raises(OSError, match=LED_AWAY):
            top.open("a/b/file")
        if name != "a/b/file":
            with pytest.raises(OSError, match=LED_AWAY):
                top.entries("a/b/")


@pytest.mark.behaviour("B-712")
def test_a_folder_once_entered_stays_the_one_it_was(tree: Path) -> None:
    with Folders(str(tree)) as top:
        top.enter("a/b/")
        swap(tree, "a", "outside")
        assert text(top.open("a/b/file")) == "in"
        top.enter("")
        with pytest.raises(OSError, match=LED_AWAY):
            top.enter("a/")
        assert {entry.name for entry in top.entries("")} == {"a", "aside", "outside"}


def test_what_is_missing_or_no_folder_is_said_as_usual(tree: Path) -> None:
    with pytest.raises(FileNotFoundError):
        nofollow.open_file(tree / "a/none/file")
    with pytest.raises(NotADirectoryError):
        nofollow.open_file(tree / "a/b/file/x")
    assert nofollow.status(Path("/")).st_ino == Path("/").stat().st_ino


def test_missing_folders_are_made_on_the_way(tree: Path) -> None:
    with Folders(str(tree)) as top:
        top.enter("a/new/newer/", make=True)
        top.enter("a/new/newer/", make=True)
    assert (tree / "a/new/newer").is_dir()


def test_only_so_many_folders_are_kept_open_however_deep_they_are(tree: Path) -> None:
    depth, names = 200, []
    with Folders(str(tree)) as top:
        for _ in range(depth):
            names.append("d" * 100)
            top.enter("".join(f"{name}/" for name in names), make=True)
        assert len(os.listdir("/dev/fd")) < depth
        deepest = "/".join(names)
        with os.fdopen(top.open(f"{deepest}/file", os.O_WRONLY | os.O_CREAT), "w") as file:
            file.write("deep")
        assert len(deepest) > os.pathconf("/", "PC_PATH_MAX")
        assert text(top.open("a/b/file")) == "in"
        assert text(top.open(f"{deepest}/file")) == "deep"
    assert text(nofollow.open_file(tree / deepest / "file")) == "deep"
