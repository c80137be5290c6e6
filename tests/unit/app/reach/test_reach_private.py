"""What is kept of servers is the person's alone, with every folder on the way to it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.app.reach.keeping import write_json, write_private
from coder.mcp.printed import Printed


def printed(path: Path) -> None:
    log = Printed(path.parent, "s", lambda text: text)
    log.write(b"said\n")
    log.close()


@pytest.mark.parametrize(
    "write",
    [lambda path: write_json(path, {"a": 1}), lambda path: write_private(path, b"x"), printed],
)
def test_nobody_else_looks_into_what_is_made(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "home" / "projects" / "one" / "s" / "kept.json")
    made = list((tmp_path / "home").rglob("*"))
    assert {path.name for path in made} >= {"projects", "one", "s"}
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in (tmp_path / "home", *made))
