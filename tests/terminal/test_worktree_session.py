"""A session in a worktree, in a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import turn
from tests.support.sitting import sitting
from tests.support.statuslines import StatusLine
from tests.support.worktrees import Ground


@pytest.mark.behaviour("B-1502")
@pytest.mark.behaviour("B-1490")
@pytest.mark.behaviour("B-1546")
def test_the_session_says_where_it_is_and_what_became_of_it(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    ground = Ground.make(place)
    status = StatusLine.of(place)
    with sitting(tmp_path, turn("Hello."), arguments=("-w", "task"), place=place) as there:
        there.say("hi", until="Hello.")
        there.terminal.wait(lambda: status.told() is not None)
        told = status.told() or {}
        tree = str(ground.tree())
        assert told["cwd"] == tree and told["workspace"]["git_worktree"] == "task"
        assert told["worktree"] == {
            "name": "task",
            "path": tree,
            "branch": "worktree-task",
            "original_cwd": str(place.project),
            "original_branch": "main",
        }
        there.terminal.send("/exit")
        there.terminal.press("enter")
        assert there.terminal.end() == 0
        assert any("worktree task held nothing" in line for line in there.terminal.history)
        assert not any("coder -c" in line for line in there.terminal.history)
    assert not ground.tree().exists()


@pytest.mark.behaviour("B-1490")
@pytest.mark.behaviour("B-1501")
def test_what_is_kept_is_said_at_the_end_and_gone_on_with(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    ground = Ground.make(place)
    with sitting(tmp_path, turn("Hello."), arguments=("-w", "task"), place=place) as there:
        there.say("hi", until="Hello.")
        (ground.tree() / "fresh.txt").write_text("precious")
        there.terminal.send("/exit")
        there.terminal.press("enter")
        assert there.terminal.end() == 0
        shown = " ".join("".join(there.terminal.history).split())
        assert "is kept: 1 untracked file (fresh.txt)" in shown and "coder worktree resume task" in shown
    with sitting(tmp_path, turn("More."), arguments=("worktree", "resume", "task"), place=place) as there:
        there.terminal.wait("Hello.")
        there.terminal.press("ctrl-d")
    assert (ground.tree() / "fresh.txt").read_text() == "precious"
