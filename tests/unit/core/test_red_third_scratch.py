"""Attacks on folders of coder's among temporary files: others lie there too, and some mean harm."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from coder.core.scratch import Scratch, take_away
from tests.unit.core.test_scratch import HOLDS

pytestmark = pytest.mark.behaviour("B-2802")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_link_in_the_place_of_a_folder_changes_nothing_where_it_leads(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "shared").mkdir(parents=True)
    (mine / "shared").chmod(0o755)
    made = Scratch("x", str(tmp_path))
    made.path.rename(tmp_path / "elsewhere")
    made.path.symlink_to(mine)
    made.leave()
    assert mode(mine / "shared") == 0o755 and not made.path.is_symlink()
    inner = tmp_path / "inner"
    (inner / "closed").mkdir(parents=True)
    (inner / "closed" / "link").symlink_to(mine)
    (inner / "closed").chmod(0o500)
    take_away(inner)
    assert not inner.exists() and mode(mine / "shared") == 0o755


def test_however_many_have_such_a_name_what_was_left_goes(tmp_path: Path) -> None:
    """As where somebody else makes folders that nobody can take away: more than one looks at in a row."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = tmp_path / "kept"
    left.rename(kept)
    for number in range(60):
        (tmp_path / f"coder-x-{number:08}").mkdir()
    names = [entry.name for entry in os.scandir(tmp_path) if entry.name.startswith("coder-")]
    last = tmp_path / names[-1]  # where one comes late, whatever the order is
    last.rmdir()
    kept.rename(last)
    with Scratch("x", str(tmp_path)):
        assert not last.exists() and len(list(tmp_path.iterdir())) == 60
