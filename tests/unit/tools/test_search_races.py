"""A folder is replaced by a link while it is searched: at a chosen moment, for the walk and the matcher are lazy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.core.nofollow import Folders
from coder.tools.matcher import Matcher, confirmed, show
from coder.tools.query import Query
from coder.tools.walk import EVERYTHING, Walk


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for place, text in (("root", "plain"), ("outside", "secret")):
        (tmp_path / place / "sub/deep").mkdir(parents=True)
        for name in (f"{text}.txt", "sub/same.txt", f"sub/{text}.txt", f"sub/deep/{text}.txt"):
            (tmp_path / place / name).write_text(f"{text}\n")
    monkeypatch.chdir(tmp_path / "root")
    return tmp_path / "root"


def swap(root: Path, name: str = "sub") -> None:
    (root / name).rename(root.parent / "aside")
    (root / name).symlink_to(root.parent / "outside" / name)


@pytest.mark.behaviour("B-712")
@pytest.mark.parametrize("name", ["sub", "sub/deep"])
def test_a_walk_does_not_go_into_a_link_that_was_a_folder(root: Path, name: str) -> None:
    with Folders(".") as top:
        walk = Walk(top)
        files = walk.files(EVERYTHING)
        seen = [next(path for path in files if path.startswith(name.rpartition("/")[0]))]
        swap(root, name)
        seen += files
    assert not [path for path in seen if "secret" in path]
    assert walk.unreadable == 0


@pytest.mark.behaviour("B-712")
def test_nothing_is_matched_or_shown_of_a_file_behind_a_link(root: Path) -> None:
    query = Query(str(root), "lines", clean=r"\w+", escaped=r"\w+")
    with Folders(".") as top:
        assert Matcher(query, top).find("sub/same.txt", 1).count == 1
        top.enter("")
        swap(root)
        for look in (
            lambda: Matcher(query, top).find("sub/same.txt", 1),
            lambda: list(show("sub/same.txt", top, {1: 0}, 0, 0)),
            lambda: list(confirmed("sub/same.txt", top, [(1, "secret")])),
        ):
            with pytest.raises(OSError, match="a link is in its place"):
                look()


@pytest.mark.behaviour("B-712")
def test_a_part_another_program_found_counts_only_where_the_file_has_it(root: Path) -> None:
    (root / "a").write_bytes(b"\xef\xbb\xbfone two\r\nthree\n\xff four")
    parts = [(1, "one"), (1, "two\r"), (1, "secret"), (2, "three"), (2, "four"), (3, "\udcff four"), (9, "x")]
    with Folders(".") as top:
        assert list(confirmed("a", top, parts)) == [parts[0], parts[1], parts[3], parts[5]]


@pytest.mark.behaviour("B-720")
def test_a_tree_deeper_than_any_path_is_walked(root: Path) -> None:
    with Folders(".") as top:
        top.enter("/".join(["d" * 250] * 20) + "/", make=True)
        os.close(top.open("/".join([*["d" * 250] * 20, "z.py"]), os.O_CREAT | os.O_WRONLY))
        assert any(path.endswith("/z.py") for path in Walk(top).files(EVERYTHING))
