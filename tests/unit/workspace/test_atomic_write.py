from __future__ import annotations

import os
import resource
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coder.workspace.atomic import replace_file

NOBODY = 65534


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Writes past `size` bytes fail in the middle, as on a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root is told nothing by mode bits, so root becomes somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everybody can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def test_a_new_file_gets_the_mode_of_the_umask_and_its_missing_parents(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        replace_file(tmp_path / "a/b/new.txt", b"hello")
    finally:
        os.umask(old)
    assert (tmp_path / "a/b/new.txt").read_bytes() == b"hello"
    assert stat.S_IMODE((tmp_path / "a/b/new.txt").stat().st_mode) == 0o640


@pytest.mark.behaviour("B-251")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o4750])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"old")
    path.chmod(mode)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.behaviour("B-710")
@pytest.mark.parametrize("path", ["link", "dangling", "circle", "folder/target", "folder/new", "folder/new/new"])
def test_no_link_is_written_through_or_replaced(tmp_path: Path, path: str) -> None:
    target = tmp_path / "real/target"
    target.parent.mkdir()
    target.write_bytes(b"old")
    for link, leads in (("link", target), ("dangling", "missing"), ("circle", "circle"), ("folder", "real")):
        (tmp_path / link).symlink_to(leads)
    with pytest.raises(OSError, match="a link is in its place"):
        replace_file(tmp_path / path, b"new")
    assert target.read_bytes() == b"old"
    assert [each.name for each in target.parent.iterdir()] == ["target"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["circle", "dangling", "folder", "link", "real"]
    assert (tmp_path / "link").is_symlink()


@pytest.mark.behaviour("B-251")
def test_other_hard_links_see_the_new_content(tmp_path: Path) -> None:
    path, other = tmp_path / "one", tmp_path / "two"
    path.write_bytes(b"a much longer old content")
    os.link(path, other)
    replace_file(path, b"new")
    assert other.read_bytes() == b"new"
    assert path.samefile(other)


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes as Linux has them")
def test_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.colour", b"green")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    replace_file(path, b"new")
    assert os.getxattr(path, "user.colour") == b"green"


@pytest.mark.behaviour("B-250")
@pytest.mark.parametrize("linked", [False, True], ids=["plain", "hard-linked"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, linked: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "file"
    path.write_bytes(b"old content")
    if linked:
        os.link(path, tmp_path / "elsewhere")
    with small_disk(1000), pytest.raises(OSError, match="large"):
        replace_file(path, b"x" * 5000)
    assert path.read_bytes() == b"old content"
    assert [each.name for each in folder.iterdir()] == ["file"]


@pytest.mark.behaviour("B-250")
def test_a_full_disk_leaves_no_new_file_behind(tmp_path: Path) -> None:
    with small_disk(1000), pytest.raises(OSError, match="large"):
        replace_file(tmp_path / "new", b"x" * 5000)
    assert list(tmp_path.iterdir()) == []


def give_away(path: Path) -> None:
    """To the user `ordinary_user` becomes."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def test_a_folder_that_cannot_be_written_does_not_keep_its_file_from_being_written(open_folder: Path) -> None:
    path = open_folder / "file"
    path.write_bytes(b"old")
    give_away(path)
    open_folder.chmod(0o555)
    with ordinary_user():
        replace_file(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_write_protected_file_is_respected(open_folder: Path) -> None:
    path = open_folder / "file"
    path.write_bytes(b"old")
    path.chmod(0o444)
    give_away(path)
    with ordinary_user(), pytest.raises(PermissionError):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_the_file_of_another_user_keeps_its_owner(open_folder: Path) -> None:
    path = open_folder / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    with ordinary_user():
        replace_file(path, b"by another")
    assert (path.read_bytes(), path.stat().st_uid) == (b"by another", 0)
    os.chown(path, NOBODY, NOBODY)
    replace_file(path, b"by root")
    assert (path.read_bytes(), path.stat().st_uid, path.stat().st_gid) == (b"by root", NOBODY, NOBODY)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"):
        replace_file(tmp_path / "pipe", b"x")
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path, b"x")
