from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from coder.frontends.repl.drafts import Drafts
from coder.frontends.repl.history import Sent

FOLDER = Path("/srv/shop")


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def keep(home: Path, text: str, *queued: str, pid: int | None = None, folder: Path = FOLDER) -> None:
    drafts = Drafts(home, folder, pid)
    drafts.keep(Sent(text, {}), queued)
    drafts.close()


def test_only_what_a_gone_session_left_in_this_folder_is_taken_up(tmp_path: Path) -> None:
    keep(tmp_path, "elsewhere", pid=gone(), folder=Path("/work"))
    keep(tmp_path, "still typed", pid=os.getppid())
    drafts = Drafts(tmp_path, FOLDER)
    assert drafts.left_behind() is None
    keep(tmp_path, "mine", "queued one", pid=gone())
    assert drafts.left_behind() == Sent("queued one\nmine", {})
    assert len(list((tmp_path / "drafts").iterdir())) == 3  # it is there until it is kept anew
    drafts.keep(Sent("mine", {}))
    drafts.close()
    assert Drafts(tmp_path, FOLDER, gone()).left_behind() is None
    assert (tmp_path / "drafts").stat().st_mode & 0o777 == 0o700


def test_an_empty_draft_leaves_no_file(tmp_path: Path) -> None:
    keep(tmp_path, "x", pid=3)
    keep(tmp_path, " ", pid=3)
    assert list((tmp_path / "drafts").iterdir()) == []


def test_old_and_broken_ones_are_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, "old", pid=gone())
    (old,) = (tmp_path / "drafts").iterdir()
    os.utime(old, (time.time() - 31 * 86400,) * 2)
    broken = old.with_name(f"{old.stem.split('-')[0]}-{gone()}.json")
    broken.write_text('{"display": 3}')
    assert Drafts(tmp_path, FOLDER).left_behind() is None
    assert not old.exists()


def test_a_home_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file", "text")
    assert Drafts(tmp_path / "file", FOLDER).left_behind() is None
