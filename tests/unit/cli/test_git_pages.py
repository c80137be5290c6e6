"""What the commands round git print: broken at words for a terminal, and who did what coder did by itself."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from pathlib import Path

import pytest

from coder.app.who.answer import Question, answer
from coder.cli.fitting import fitting
from coder.frontends.who_words import Look, lines_of
from tests.support.cli import Place
from tests.support.repositories import Repository

LINE = "worktree login is kept: 1 untracked file (fresh.txt). It is at /home/mia/src/shop"


@pytest.mark.behaviour("B-1545")
def test_a_line_breaks_at_words_in_a_terminal_and_not_in_a_pipe() -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with os.fdopen(theirs, "w") as terminal:
        assert fitting(LINE, terminal).split("\n") == [
            "worktree login is kept: 1 untracked file (fresh.txt). It is",
            "  at /home/mia/src/shop",
        ]
        assert fitting(f"  {LINE}", terminal, hang=4).split("\n")[1].startswith("      is at")
    os.close(ours)
    with Path(os.devnull).open("w") as pipe:
        assert fitting(LINE, pipe) == LINE


@pytest.mark.behaviour("B-1547")
def test_what_coder_did_by_itself_is_said_to_be_its_own(tmp_path: Path) -> None:
    repository = Repository.make(Place.make(tmp_path))
    repository.git("commit", "--allow-empty", "-qm", "one")
    repository.git(
        "update-ref", "-m", "coder: auto-commit", "HEAD", repository.git("commit-tree", "-m", "own", "HEAD^{tree}")
    )
    repository.git("commit", "--allow-empty", "-qm", "two")
    found = answer(Question(("HEAD",)), repository.folder, tmp_path / "home" / ".coder", os.environ)
    lines = lines_of(found, Look(repository.folder, repository.home, 100, 0.0))
    assert lines[0] == "HEAD: 3 moves, 1 by sessions of coder, 2 by hand or another program"
    told = [line.strip() for line in lines if "by coder itself" in line]
    assert told == ["by coder itself, as git's log says: auto-commit"]
