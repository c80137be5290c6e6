"""Whatever a session leaves in its worktree, and however it ends: nothing of it is lost."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place
from tests.support.worktrees import HIDDEN, WORK, Ground

ENDS = ("normal end", "crash", "kill -9")
MATRIX = ("untracked", "ignored .env", "staged", "committed", "locked", "empty")  # the rest by `make soak`
CASES = [what if what in MATRIX else pytest.param(what, marks=pytest.mark.soak) for what in WORK]
PRECIOUS = [what for what in WORK if what not in ("locked", "empty", "deleted")]


def listed(ground: Ground) -> list[dict[str, object]]:
    done = ground.place.coder("worktree", "list", "--json")
    assert done.code == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.behaviour("B-1490")
@pytest.mark.behaviour("B-1495")
@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("what", CASES)
def test_nothing_is_lost(place: Place, what: str, how: str) -> None:
    ground = Ground.make(place)
    main_before = ground.repository.git("rev-parse", "HEAD")
    done = ground.end(how, WORK[what])
    assert done.code == {"normal end": 0, "crash": 143, "kill -9": -9}[how], done.stderr
    ground.repository.git("worktree", "prune")
    is_removed = what == "empty" and how == "normal end"
    assert ground.tree().exists() is not is_removed
    assert ("worktree-task" in ground.branches()) is not is_removed
    if what in PRECIOUS:
        assert "precious" in ground.everything()
    rows = listed(ground)
    assert [row["name"] for row in rows] == ([] if is_removed else ["task"])
    if is_removed:
        assert "is removed, with its branch" in done.stderr
        return
    assert how == "kill -9" or "coder worktree resume task" in done.stderr
    row = rows[0]
    assert row["left_behind"] is (how == "kill -9" and what != "locked") and row["live"] is False
    assert row["clean"] is (what == "empty")
    assert isinstance(row["session"], dict)
    again = ground.place.coder("worktree", "remove", "task")
    assert (again.code == 0) is (what == "empty")
    assert ground.tree().exists() is (what != "empty")
    if what != "empty":
        assert "is not removed" in again.stderr
        resumed = ground.run("-c")
        assert resumed.code == 0 and "is kept" in resumed.stderr
    assert ground.repository.git("rev-parse", "HEAD") == main_before
    assert ground.repository.git("status", "--porcelain") == ""


@pytest.mark.behaviour("B-1490")
@pytest.mark.parametrize("what", HIDDEN)
def test_what_git_status_does_not_show_is_not_lost_either(place: Place, what: str) -> None:
    ground = Ground.make(place)
    done = ground.run(work=HIDDEN[what])
    assert "is kept" in done.stderr, done.stderr
    assert ground.tree().exists() and "worktree-task" in ground.branches()


@pytest.mark.behaviour("B-1496")
@pytest.mark.parametrize("what", [*PRECIOUS, *HIDDEN])
def test_a_forced_removal_saves_it_first(place: Place, what: str) -> None:
    ground = Ground.make(place)
    ground.run(work={**WORK, **HIDDEN}[what])
    gone = ground.place.coder("worktree", "remove", "task", "--force", "--json")
    assert gone.code == 0, gone.stderr
    assert not ground.tree().exists() and "worktree-task" not in ground.branches()
    ground.repository.git("gc", "-q", "--prune=now")
    saved = json.loads(gone.stdout)
    assert saved["refs"] or saved["archive"]
    assert "precious" in ground.everything()
