"""What a person sees of auto-commit in a session on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.repositories import Repository
from tests.support.sitting import sitting

FLAGS = ("--permission-mode", "acceptEdits", "--allowed-tools", "Bash(cp *)", "--auto-commit")


@pytest.mark.behaviour("B-1488")
def test_a_commit_is_a_line_at_the_end_of_the_run(tmp_path: Path) -> None:
    turns = (turn(tool("Bash", command="cp app.py copy.py", description="Copy it")), turn("Done that."))
    with sitting(tmp_path, *turns, arguments=FLAGS) as there:
        shop = Repository(tmp_path / "project", tmp_path / "home")
        shop.git("config", "user.name", "Ada")
        shop.git("config", "user.email", "ada@example.org")
        there.say("copy it")
        there.terminal.wait("coder undo takes it back")
        told = " ".join(line.strip() for line in there.told())
        short, branch = shop.git("rev-parse", "--short=7", "HEAD"), shop.git("symbolic-ref", "--short", "HEAD")
        assert branch.startswith("coder/") and f"Committed 1 file as {short} on {branch}" in told
        assert told.index("Done that.") < told.index("Committed 1 file")
    assert shop.git("show", "--format=", "--name-only") == "copy.py"
