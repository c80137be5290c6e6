"""A current folder that was deleted meanwhile is said plainly, by every command that needs one."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.cli import CODER, Place


@pytest.mark.parametrize(
    "words",
    [
        ("-p", "hi"),
        ("trust",),
        ("trust", "add", "--yes"),
        ("trust", "remove"),
        ("permissions", "list"),
        ("permissions", "explain", "ls"),
        ("permissions", "add", "Bash(ls)", "--allow"),
        ("permissions", "remove", "Bash(ls)"),
        ("permissions", "test", "cases.jsonl"),
        ("config", "list"),
    ],
)
def test_a_deleted_current_folder_is_told_in_one_line(place: Place, words: tuple[str, ...]) -> None:
    (place.project / "gone").mkdir()
    command = ["/bin/sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *CODER, *words]
    done = subprocess.run(
        command, cwd=place.project, env=place.env(None), capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "the current folder is gone" in done.stderr
