"""Which session made the moves that coder makes by itself: auto-commits, taken back, brought again. Starts nothing;
must not know how moves are found or shown.

Whatever git's log says, a session is named only where its own list of commits bears it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from coder.app.autocommit import ledger
from coder.app.autocommit.ledger import OwnCommit
from coder.app.who.steps import commit_of
from coder.app.who.values import Cause, NameRow, Turn
from coder.git.standing import BRANCHES

OURS = "coder: "
"""How git's log begins what coder did by itself."""

_Key: TypeAlias = tuple[str, str, str]  # what the log says behind that, and the commit before or after, "" for any


def with_own(rows: Iterable[NameRow], base: Path) -> list[NameRow]:
    """The rows; where coder made a move by itself, with its session."""
    found = list(rows)
    if not any(step.text.startswith(OURS) for row in found for step in row.steps):
        return found
    turns = _turns(base)
    return [_with_turn(row, turns) for row in found]


def _with_turn(row: NameRow, turns: Mapping[_Key, Turn]) -> NameRow:
    if len(row.steps) != 1 or not (row.cause.by == "coder" or row.cause.during):
        return row
    step = row.steps[0]
    text, before, after = step.text.removeprefix(OURS), commit_of(step.before), commit_of(step.after)
    turn = turns.get((text, "", after)) or turns.get((text, before, ""))
    return row if turn is None or text == step.text else replace(row, cause=Cause("coder", text, turn))


def _turns(base: Path) -> dict[_Key, Turn]:
    found: dict[_Key, Turn] = {}
    for folder in reversed(ledger.sessions(base)):
        for commit in ledger.commits(folder):
            for key, turn in _of_commit(commit, folder.name):
                found.setdefault(key, turn)
    return found


def _of_commit(commit: OwnCommit, session: str) -> Iterator[tuple[_Key, Turn]]:
    made, later = Turn(session, commit.subject, commit.prompt), Turn(session)
    yield ("auto-commit", "", commit.commit), made
    yield ("undo", commit.commit, ""), later
    yield ("redo", "", commit.commit), later
    if commit.state == "reverted":  # by another commit on top
        yield ("auto-commit", commit.commit, ""), later
    if commit.started_from and commit.parent:
        yield ("branch", "", commit.parent), made
        yield (f"HEAD goes to {commit.branch.removeprefix(BRANCHES)}", "", commit.parent), made
        yield (f"HEAD goes to {commit.started_from.removeprefix(BRANCHES)}", "", commit.parent), later
