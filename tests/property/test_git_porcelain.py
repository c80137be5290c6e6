"""The state of a work tree as git prints it: whatever names files have, what is parsed is what is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.git.porcelain import ARGUMENTS, Change, Status, parse

_PIECES = [
    b"a",
    b"b",
    b" ",
    b"\n",
    b"\t",
    b'"',
    b"'",
    b"\\",
    b"\xff",
    b"\xc3\xa9",
    b"-n",
    b":(glob)",
    b"*",
    b"->",
    b"#",
    b"? ",
]
names = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map(b"".join)
texts = st.binary(max_size=200) | st.lists(
    st.sampled_from(
        [
            *(
                b"# branch.oid ",
                b"# branch.head ",
                b"# branch.ab ",
                b"# stash ",
                b"(initial)",
                b"+1 -2",
                b"1 ",
                b"2 ",
                b"u ",
            ),
            *(
                b"? ",
                b"! ",
                b"N... ",
                b".M ",
                b"100644 ",
                b"R100 ",
                b"\0",
                b"\0",
                b"x",
                b"\xff",
                b"\n",
                b" ",
                b"9" * 5000,
            ),
        ]
    ),
    max_size=30,
).map(b"".join)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _git(top: Path, *words: str, code: int = 0) -> bytes:
    env = {"PATH": os.environ["PATH"], "HOME": str(top.parent), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    given = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.fsync=none")
    done = subprocess.run(["git", *given, *words], cwd=top, env=env, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def _status(top: Path) -> Status:
    return parse(_git(top, *ARGUMENTS, "--untracked-files=all", "--ignored"))


def _write(top: Path, name: bytes, text: bytes) -> None:
    with open(os.path.join(os.fsencode(top), name), "wb") as file:
        file.write(text)


@pytest.mark.behaviour("B-1451")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(names, unique=True, min_size=6, max_size=10))
def test_every_name_comes_back_as_it_is_on_the_disk(place: Path, found: list[bytes]) -> None:
    top = Path(tempfile.mkdtemp(dir=place))
    try:
        _git(top, "init", "-q", "-b", "main")
        staged, renamed, changed, gone, *untracked = found
        target = b"renamed " + renamed
        for number, name in enumerate((renamed, changed, gone)):
            _write(top, name, (b"text %d\n" % number) * 20)
        _git(top, "add", "-A")
        _git(top, "commit", "-qm", "x")
        _write(top, staged, b"new")
        _git(top, "--literal-pathspecs", "add", "--", os.fsdecode(staged))
        _git(top, "mv", "--", os.fsdecode(renamed), os.fsdecode(target))
        _write(top, changed, b"changed")
        os.unlink(os.path.join(os.fsencode(top), gone))
        for name in untracked:
            _write(top, name, b"?")
        status = _status(top)
        assert set(status.changes) == {
            Change(os.fsdecode(staged), staged="A"),
            Change(os.fsdecode(target), staged="R", was=os.fsdecode(renamed)),
            Change(os.fsdecode(changed), unstaged="M"),
            Change(os.fsdecode(gone), unstaged="D"),
            *(Change(os.fsdecode(name), unstaged="?") for name in untracked),
        }
        assert (status.branch, status.is_whole) == ("main", True)
        assert status.commit == _git(top, "rev-parse", "HEAD").decode().strip()
    finally:
        shutil.rmtree(top)


@settings(max_examples=300, deadline=None)
@given(printed=texts)
def test_nothing_that_is_printed_breaks_it(printed: bytes) -> None:
    status = parse(printed)
    assert len(status.changes) <= printed.count(b"\0")
    assert all(change.path.count("\0") == 0 for change in status.changes)


def test_heads_conflicts_and_stashes_are_told_apart(tmp_path: Path) -> None:
    top, other = tmp_path / "top", tmp_path / "other"
    top.mkdir()
    _git(top, "init", "-q", "-b", "main")
    assert _status(top) == Status(branch="main")
    _write(top, b"a", b"1\n")
    _write(top, b".gitignore", b"*.log\n")
    _git(top, "add", "-A")
    _git(top, "commit", "-qm", "one")
    _git(top, "clone", "-q", ".", str(other))
    _write(other, b"a", b"2\n")
    _git(other, "commit", "-qam", "two")
    _write(top, b"a", b"3\n")
    _git(top, "commit", "-qam", "three")
    _write(other, b"a", b"4\n")
    _git(other, "stash", "-q")
    _git(other, "fetch", "-q")
    _write(other, b"x.log", b"")
    status = _status(other)
    assert (status.upstream, status.ahead, status.behind, status.stashes) == ("origin/main", 1, 1, 1)
    assert status.changes == (Change("x.log", unstaged="!"),)
    _git(other, "merge", "-q", "origin/main", code=1)
    assert [change.path for change in _status(other).conflicts] == ["a"]
    _git(other, "checkout", "-qf", "--detach")
    assert (_status(other).branch, _status(other).upstream) == ("", "")
    assert _status(other).commit


def test_what_is_cut_off_is_left_out_and_said() -> None:
    whole = b"# branch.head main\0? one\0? two\0"
    assert parse(whole).is_whole
    cut = parse(whole[:-2])
    assert not cut.is_whole
    assert [change.path for change in cut.changes] == ["one"]
    assert not parse(b"2 R. N... 100644 100644 100644 1 1 R100 new\0ol").is_whole
