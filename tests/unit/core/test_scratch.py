"""Folders of coder's own among temporary files: gone with what they were made for, or when the next one is made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coder.core.scratch import Scratch

pytestmark = pytest.mark.behaviour("B-2714")
HOLDS = """
import sys
from pathlib import Path
from coder.core.scratch import Scratch
made = Scratch("test", sys.argv[1]).path
(made / "deep").mkdir()
(made / "deep" / "file").write_text("x")
(made / "deep").chmod(0o500)
print(made, flush=True)
sys.stdin.read()
"""


def test_one_that_a_killed_process_has_left_goes_with_the_next_and_no_other(tmp_path: Path) -> None:
    base = str(tmp_path)
    killed, alive = (
        subprocess.Popen([sys.executable, "-c", HOLDS, base], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    left, held = (Path(each.stdout.readline().strip()) for each in (killed, alive) if each.stdout is not None)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    theirs = tmp_path / "coder-ci-somebody"  # 8 letters, and not ours
    theirs.mkdir()
    (tmp_path / "coder-ci-alinkto1").symlink_to(theirs)
    with Scratch("other", base) as own:
        assert not left.exists() and (held / "deep" / "file").exists() and own.is_dir()
    alive.communicate("")
    assert not own.exists() and theirs.is_dir()
    with Scratch("third", base) as own:
        assert {path.name for path in tmp_path.iterdir()} == {own.name, "coder-ci-somebody", "coder-ci-alinkto1"}


def test_a_mark_that_is_no_ordinary_file_holds_up_nothing(tmp_path: Path) -> None:
    marks = [tmp_path / f"coder-x-{number:08}" / ".coder-scratch" for number in range(3)]
    for mark in marks:
        mark.parent.mkdir()
    os.mkfifo(marks[0])
    marks[1].mkdir()
    marks[2].symlink_to("/")
    with Scratch("x", str(tmp_path)):
        assert marks[1].is_dir() and marks[2].is_symlink()


def test_it_can_be_left_twice(tmp_path: Path) -> None:
    made = Scratch("x", str(tmp_path))
    with made as folder:
        (folder / "file").write_text("x", encoding="utf-8")
        made.leave()
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_those_that_have_to_stay_hide_none_that_can_go(tmp_path: Path) -> None:
    for number in range(60):  # of another version, or of somebody else
        (tmp_path / f"coder-x-{number:08}").mkdir()
    left = [tmp_path / f"coder-y-{number:08}" for number in range(3)]
    for each in left:
        each.mkdir()
        (each / ".coder-scratch").touch()
    with Scratch("x", str(tmp_path)):
        assert not [each for each in left if each.exists()]


def test_what_lies_too_deep_is_no_crash_for_whoever_comes_next(tmp_path: Path) -> None:
    made = Scratch("x", str(tmp_path))
    top = os.open(made.path, os.O_RDONLY)
    try:
        for _ in range(1_100):
            os.mkdir("a", dir_fd=top)
            inner = os.open("a", os.O_RDONLY, dir_fd=top)
            os.close(top)
            top = inner
        made.leave()
        made.path.mkdir(exist_ok=True)  # where Python takes away whatever is deep, it has gone
        (made.path / ".coder-scratch").touch()
        with Scratch("x", str(tmp_path)) as other:
            assert other.is_dir()
    finally:
        os.close(top)
        subprocess.run(["rm", "-rf", str(made.path)], check=True)
