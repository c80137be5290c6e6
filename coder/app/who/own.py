"""The moves in git's log that coder made by itself: auto-commits, taken back, brought again. Starts nothing; must not
know how moves are found or shown.

What git's log says is only believed where the list of a session's own commits bears it out.
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

_Key: TypeAlias = tuple[str, str, str]  # what git's log says, and the commit before or after, "" for any
_MADE = "coder: auto-commit"


def with_own(rows: Iterable[NameRow], base: Path) -> list[NameRow]:
    """The rows, with the session that made a move which no command did."""
    found = list(rows)
    if not any(step.text.startswith("coder: ") for row in found for step in row.steps):
        return found
    causes = _causes(base)
    return [replace(row, cause=_cause(row, causes) or row.cause) for row in found]


def _cause(row: NameRow, causes: Mapping[_Key, Cause]) -> Cause | None:
    if len(row.steps) != 1 or not (row.cause.by == "other" or row.cause.during):
        return None
    step = row.steps[0]
    before, after = commit_of(step.before), commit_of(step.after)
    return causes.get((step.text, "", after)) or causes.get((step.text, before, ""))


def _causes(base: Path) -> dict[_Key, Cause]:
    """A fork has the commits of its session in a list of its own only where it made them: the first that has one."""
    found: dict[_Key, Cause] = {}
    for folder in reversed(ledger.sessions(base)):
        for commit in ledger.commits(folder):
            for key, cause in _of_commit(commit, folder.name):
                found.setdefault(key, cause)
    return found


def _of_commit(commit: OwnCommit, session: str) -> Iterator[tuple[_Key, Cause]]:
    made = Cause("command", "auto-commit", Turn(session, commit.subject, commit.prompt))
    undone = Cause("command", "coder undo", Turn(session))
    yield (_MADE, "", commit.commit), made
    yield ("coder: undo", commit.commit, ""), undone
    yield ("coder: redo", "", commit.commit), Cause("command", "coder undo --redo", Turn(session))
    if commit.state == "reverted":  # by another commit on top
        yield (_MADE, commit.commit, ""), undone
    if commit.started_from and commit.parent:
        yield ("coder: branch", "", commit.parent), made
        yield (f"coder: HEAD goes to {commit.branch.removeprefix(BRANCHES)}", "", commit.parent), made
        yield (f"coder: HEAD goes to {commit.started_from.removeprefix(BRANCHES)}", "", commit.parent), undone
