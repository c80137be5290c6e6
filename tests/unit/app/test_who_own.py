"""Who moved HEAD and the agent branch: auto-commits, and what `coder undo` does with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.who.answer import Question, answer
from tests.support.autocommits import SESSION, Auto
from tests.support.cli import Place
from tests.support.repositories import Repository


@pytest.mark.behaviour("B-1560")
async def test_moves_that_coder_made_by_itself_are_its_sessions(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    auto = Auto(place, repository=Repository.shop(place))
    await auto.run("Fix it", "echo a > a.txt")
    await auto.run("And that", "echo b > b.txt")
    await auto.undoing.undo()
    await auto.undoing.redo()
    await auto.undoing.undo()
    await auto.undoing.undo()
    head = auto.git("rev-parse", "HEAD")
    auto.person(f"git update-ref -m 'coder: undo' HEAD {head}~1; git reset -q --hard {head}")

    def rows(name: str) -> list[tuple[str, str, str]]:
        found = answer(Question((name,)), place.project, place.home / ".coder", auto.env)
        causes = [row.cause for row in found.names]
        return [(each.what, each.turn.session, each.turn.prompt) for each in causes if each.turn is not None]

    await auto.checkpoints.aclose()
    branch = auto.committed[0].branch
    assert sorted(rows("HEAD")) == [  # the same move twice in one second has no order
        (f"HEAD goes to {branch}", SESSION, "Fix it"),
        ("HEAD goes to main", SESSION, ""),
        ("auto-commit", SESSION, "And that"),
        ("auto-commit", SESSION, "Fix it"),
        ("redo", SESSION, ""),
        ("undo", SESSION, ""),
        ("undo", SESSION, ""),
    ]
    found = answer(Question(("HEAD",)), place.project, place.home / ".coder", auto.env)
    named = [row.cause for row in found.names if row.cause.by == "coder" and row.cause.turn is None]
    assert [cause.what for cause in named] == ["undo"], "the one by hand, whatever it says"
    await auto.checkpoints.aclose()
