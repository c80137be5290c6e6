"""Unpacking: what is taken, and everything that is refused without leaving a trace."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.extensions.content import digest_of
from coder.extensions.errors import BundleError
from coder.extensions.unpack import Limits, unpack
from tests.support.rawzip import DEVICE, FILE, FOLDER, LINK, PIPE, End, Piece, raw_zip

OK = Piece("manifest.json", b"{}")
SMALL = Limits(files=10, total=4096, one=2048, ratio=20, ratio_from=1024)


def refused(tmp_path: Path, data: bytes, limits: Limits = Limits()) -> str:  # frozen
    """Unpacks, sees it refused and nothing left; what was said."""
    archive = tmp_path / "in" / "bad.mcpb"
    archive.parent.mkdir(exist_ok=True)
    archive.write_bytes(data)
    outside = tmp_path / "store"
    outside.mkdir(exist_ok=True)
    with pytest.raises(BundleError) as caught:
        unpack(archive, outside / "x" / "1.0.0", limits)
    left = [path for path in outside.rglob("*") if path != outside / "x"]
    assert left == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "store"]
    assert "\n" not in str(caught.value)
    return str(caught.value)


ZEROS = bytes(1_500_000)
RANDOM = Piece("a", os.urandom(20_000), method=0)
UNTOLD = raw_zip([Piece("a", b"x" * 50, local_size=0)])
INNER = raw_zip([Piece("b", b"in")])
HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (raw_zip([OK, Piece("../evil", b"x")]), "../evil: its name leads out"),
    "parent inside": (raw_zip([Piece("a/../../evil", b"x")]), "leads out"),
    "dot": (raw_zip([Piece("./evil", b"x")]), "leads out"),
    "empty part": (raw_zip([Piece("a//b", b"x")]), "empty part"),
    "empty name": (raw_zip([Piece("", b"x")]), "an entry without a name"),
    "absolute": (raw_zip([Piece("/etc/evil", b"x")]), "an absolute path"),
    "drive": (raw_zip([Piece("C:/evil", b"x")]), "begins with a drive"),
    "drive alone": (raw_zip([Piece("c:evil", b"x")]), "begins with a drive"),
    "backslash": (raw_zip([Piece("..\\evil", b"x")]), "a backslash"),
    "nul": (raw_zip([Piece("a\0b", b"x")]), "control character"),
    "escape": (raw_zip([Piece("a\x1b[2Jb", b"x")]), "a\\x1b[2Jb: its name holds a control character"),
    "no utf-8": (raw_zip([Piece(b"a\xff", b"x")]), "no UTF-8"),
    "long part": (raw_zip([Piece("a" * 256, b"x")]), "its name is too long"),
    "long path": (raw_zip([Piece("/".join(["abcdefghi"] * 101), b"x")]), "too long"),
    "deep": (raw_zip([Piece("/".join("a" * 51), b"x")]), "too deep"),
    "symlink": (raw_zip([Piece("link", b"/etc/passwd", LINK)]), "link: it is a link"),
    "symlink of another system": (raw_zip([Piece("link", b"/etc", LINK, system=0)]), "it is a link"),
    "link to write through": (raw_zip([Piece("d", b"/tmp", LINK), Piece("d/evil", b"x")]), "d: it is a link"),
    "pipe": (raw_zip([Piece("p", b"", PIPE)]), "a device, a pipe"),
    "device": (raw_zip([Piece("p", b"", DEVICE)]), "a device, a pipe"),
    "file that is a folder": (raw_zip([Piece("d", b"", FOLDER)]), "a file and a folder"),
    "folder that is a file": (raw_zip([Piece("d/", b"", FILE)]), "a file and a folder"),
    "folder with contents": (raw_zip([Piece("d/", b"x", FOLDER)]), "contents of its own"),
    "twice": (raw_zip([OK, OK]), "stands in the archive twice"),
    "case": (raw_zip([Piece("README", b"a"), Piece("readme", b"b")]), "the same name as README"),
    "case of a folder": (raw_zip([Piece("Lib/a", b"a"), Piece("lib/b", b"b")]), "the same folder as Lib"),
    "unicode forms": (raw_zip([Piece("caf\u00e9", b"a"), Piece("cafe\u0301", b"b")]), "the same name as café"),
    "sharp s": (raw_zip([Piece("stra\u00dfe", b"a"), Piece("STRASSE", b"b")]), "the same name as straße"),
    "file then folder": (raw_zip([Piece("a", b"a"), Piece("a/b", b"b")]), "a file and a folder"),
    "folder then file": (raw_zip([Piece("a/b", b"a"), Piece("A", b"b")]), "a file and a folder"),
    "encrypted": (raw_zip([Piece("a", b"x", flags=0x801)]), "encrypted"),
    "other method": (raw_zip([Piece("a", b"x", method=12)]), "by a method that is not taken (12)"),
    "bomb": (raw_zip([Piece("zeros", ZEROS)]), "swells to more than 200 times"),
    "bomb beside others": (raw_zip([RANDOM, Piece("zeros", ZEROS)]), "zeros: it swells to more than 200 times"),
    "bomb in many": (raw_zip([Piece(f"z{at}", bytes(900_000)) for at in range(3)]), "swells to more than"),
    "larger than it says": (raw_zip([Piece("a", b"x" * 5000, size=10, local_size=10)]), "larger than it says"),
    "smaller than it says": (raw_zip([Piece("a", b"x" * 50, size=60, local_size=60)]), "not those that its checksum"),
    "wrong checksum": (raw_zip([Piece("a", b"x" * 50, crc=1)]), "not those that its checksum"),
    "stored sizes": (raw_zip([Piece("a", b"abc", method=0, size=2, local_size=2)]), "contradict each other"),
    "two sizes": (raw_zip([Piece("a", b"x" * 50, local_size=51)]), "another size"),
    "no size": (UNTOLD[:14] + bytes(8) + UNTOLD[22:], "another size"),
    "two names": (raw_zip([Piece("a", b"x", local_name=b"b")]), "something else of it"),
    "no deflate": (raw_zip([Piece("a", b"xy", raw=b"\xff\xff\xff")]), "a: its contents are damaged"),
    "cut deflate": (raw_zip([Piece("a", os.urandom(9000), packed=4000)]), "end elsewhere"),
    "bytes after deflate": (raw_zip([Piece("a", b"xy", raw=b"\x4b\xac\x04\x00" + b"zz")]), "end elsewhere"),
    "another's data": (raw_zip([Piece("a", b"x" * 50), Piece("b", b"x" * 50, at=0)]), "b: the table says"),
    "shared bytes": (raw_zip([Piece("a", INNER, method=0), Piece("b", b"in", at=31)]), "overlaps another"),
    "same place": (raw_zip([Piece("a", b"", method=0), Piece("a", b"", method=0, at=0)]), "twice"),
    "outside": (raw_zip([Piece("a", b"x", at=90_000)]), "does not stand where"),
    "into the table": (raw_zip([Piece("a", b"x" * 10, method=0, packed=11, size=11, local_size=11)]), "reaches into"),
    "zip64 sizes": (raw_zip([Piece("a", b"x", size=0xFFFFFFFF, extra=b"\1\0\x08\0" + bytes(8))]), "zip64"),
    "zip64 count": (raw_zip([OK], End(count=0xFFFF)), "zip64"),
    "zip64 locator": (raw_zip([OK], End(locator=b"PK\6\7" + bytes(16))), "zip64"),
    "other disk": (raw_zip([Piece("a", b"x", disk=1)]), "another part"),
    "several disks": (raw_zip([OK], End(here=2)), "one part of an archive"),
    "more than it counts": (raw_zip([OK, Piece("b", b"x")], End(count=1)), "more than it says"),
    "less than it counts": (raw_zip([OK], End(count=2)), "cut off"),
    "bytes before": (raw_zip([OK], End(before=b"#!/bin/sh\n", table=0)), "does not stand where it says"),
    "bytes after": (raw_zip([OK], End(after=b"more")), "something was put behind its end"),
    "bytes between": (raw_zip([OK], End(between=b"more")), "does not stand where it says"),
    "two ends": (raw_zip([OK], End(comment=raw_zip([Piece("evil", b"x")]))), "it has two ends"),
    "comment that lies": (raw_zip([OK], End(comment=b"abc", comment_length=2)), "no zip archive"),
    "empty file": (b"", "no zip archive"),
    "no zip": (b"hello" * 100, "no zip archive"),
    "cut signature": (raw_zip([OK]) + b"MCPB_SIG_V1\x99\0\0\0abcMCPB_SIG_END", "its signature is damaged"),
}  # fmt: skip


@pytest.mark.behaviour("B-1682")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    data, said = HOSTILE[case]
    assert said in refused(tmp_path, data)


@pytest.mark.behaviour("B-1682")
@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([Piece(f"f{at}", b"x") for at in range(11)], "11 files; at most 10"),
        ([Piece("a/b/c/d/e/f/g/h/i/j/k/l", b"x")], "more than 10 folders"),
        ([Piece("a", os.urandom(2049))], "a: it is larger than 2,048 bytes"),
        ([Piece(f"f{at}", os.urandom(100) * 8) for at in range(6)], "with it the bundle is larger than 4,096 bytes"),
        ([Piece("a", b"x" * 1100)], "swells to more than 20 times"),
    ],
)
def test_the_limits_hold_while_bytes_are_written(pieces: list[Piece], said: str, tmp_path: Path) -> None:
    assert said in refused(tmp_path, raw_zip(pieces), SMALL)


@pytest.mark.behaviour("B-1683")
def test_files_arrive_with_their_bytes_and_may_be_run_but_not_as_somebody_else(tmp_path: Path) -> None:
    data = raw_zip([
        OK, Piece("server/", b"", FOLDER, method=0), Piece("server/run", b"#!/bin/sh\n", 0o106755),
        Piece("server/data", b"d" * 70_000),
        Piece("of another system", b"x", 0, system=0, method=0), Piece("naïve/日本", b"y"),
        Piece("wide open", b"z", 0o100666),
    ])  # fmt: skip
    archive = tmp_path / "a.mcpb"
    archive.write_bytes(data)
    into = tmp_path / "deep" / "1.0.0"
    before = os.umask(0o077)  # whatever it is, programs are programs
    try:
        done = unpack(archive, into)
    finally:
        os.umask(before)
    assert (done.files, done.total, done.sha256) == (6, 2 + 10 + 70_000 + 3, sha256(data).hexdigest())
    assert (into / "server/data").read_bytes() == b"d" * 70_000
    assert (into / "naïve/日本").read_bytes() == b"y"
    modes = {
        str(path.relative_to(into)): stat.S_IMODE(path.stat().st_mode) for path in into.rglob("*") if path.is_file()
    }
    assert modes == {
        "manifest.json": 0o644, "server/run": 0o755, "server/data": 0o644, "of another system": 0o644,
        "naïve/日本": 0o644, "wide open": 0o644,
    }  # fmt: skip
    assert [path.name for path in into.parent.iterdir()] == ["1.0.0"]


def test_a_packer_that_writes_sizes_afterwards_is_read(tmp_path: Path) -> None:
    archive = tmp_path / "a.mcpb"
    written = raw_zip([Piece("a", b"x" * 50, flags=0x808, local_size=0)])
    # Checksum and packed size are not known either when the head is written.
    archive.write_bytes(written[:14] + bytes(8) + written[22:])
    assert unpack(archive, tmp_path / "to").total == 50


def test_what_stands_there_already_is_never_replaced(tmp_path: Path) -> None:
    archive = tmp_path / "a.mcpb"
    archive.write_bytes(raw_zip([OK]))
    (tmp_path / "to").mkdir()
    with pytest.raises(BundleError, match="is there already"):
        unpack(archive, tmp_path / "to")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="not an ordinary file"):
        unpack(tmp_path / "pipe", tmp_path / "other")


NAME = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["a", "A", "a/b", "..", "../x", "/x", "a\\b"]
)
PIECE = st.builds(
    Piece,
    st.lists(NAME, min_size=1, max_size=3).map("/".join),
    st.binary(max_size=40) | st.just(bytes(3000)),
    st.sampled_from([FILE, 0o100755, FOLDER, LINK, 0]),
    st.sampled_from([0, 8, 9]),
    size=st.none() | st.integers(0, 5000),
    at=st.none() | st.integers(0, 200),
)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tried(data: bytes, pieces: list[Piece]) -> None:
    """Whatever the archive is: it is refused without a trace, or exactly its files are there and nothing else is."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "a.mcpb").write_bytes(data)
        try:
            done = unpack(top / "a.mcpb", top / "to", SMALL)
        except BundleError:
            assert [path.name for path in top.iterdir()] == ["a.mcpb"]
            return
        assert sorted(path.name for path in top.iterdir()) == ["a.mcpb", "to"]
        assert tree(top / "to") == {
            str(piece.name): piece.data for piece in pieces if not str(piece.name).endswith("/")
        }
        assert not [path for path in (top / "to").rglob("*") if path.is_symlink()]
        assert done.total <= SMALL.total


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECE, max_size=5))
def test_any_archive_is_all_there_or_not_at_all(pieces: list[Piece]) -> None:
    tried(raw_zip(pieces), pieces)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_archive_never_gives_other_contents(data: st.DataObject) -> None:
    pieces = [Piece("a/b", b"first" * 20), Piece("c", b"second", method=0), Piece("d/", b"", FOLDER, method=0)]
    whole = bytearray(raw_zip(pieces))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "a.mcpb").write_bytes(whole)
        try:
            unpack(top / "a.mcpb", top / "to", SMALL)
        except BundleError:
            assert [path.name for path in top.iterdir()] == ["a.mcpb"]
        else:
            assert sorted(tree(top / "to").values()) == [b"first" * 20, b"second"]


@pytest.mark.behaviour("B-1684")
def test_the_digest_changes_with_names_modes_and_bytes_and_with_nothing_else(tmp_path: Path) -> None:
    def made(name: str) -> Path:
        folder = tmp_path / name
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "a").write_bytes(b"x")
        (folder / "b").write_bytes(b"y")
        return folder

    first, second = made("one"), made("two")
    same = digest_of(first)
    os.utime(second / "b", (1, 1))
    (second / "b").chmod(0o600)
    assert digest_of(second) == same
    found = {same}
    for change in (
        lambda: (second / "b").chmod(0o700),
        lambda: (second / "b").write_bytes(b"z"),
        lambda: (second / "b").rename(second / "c"),
        lambda: (second / "empty").mkdir(),
        lambda: (second / "sub" / "a").rename(second / "a"),
        lambda: (second / "more").write_bytes(b""),
    ):
        change()
        found.add(digest_of(second))
    assert len(found) == 7
    (second / "link").symlink_to("b")
    with pytest.raises(BundleError, match="link: it is a link"):
        digest_of(second)
    with pytest.raises(BundleError, match="cannot be read"):
        digest_of(tmp_path / "nowhere")


@pytest.mark.behaviour("B-1684")
def test_the_digest_is_the_same_on_every_machine(tmp_path: Path) -> None:
    for name in "zebra", "b/deep/x", "a", "b/a", "Z":
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
        (tmp_path / name).chmod(0o755 if name == "a" else 0o644)
    assert digest_of(tmp_path) == "c945d3d3463e76d327c5731fa526344c9c9293b0f9bf003ad7db45dbe571564c"


def test_the_digest_of_a_folder_with_odd_names_is_had(tmp_path: Path) -> None:
    if sys.platform == "linux":  # elsewhere such names cannot be made
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")).write_bytes(b"x")
    assert len(digest_of(tmp_path)) == 64
