"""What of a work tree is compared between two looks at it, and how they differ. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from coder.core.dataclass import dataclass
from coder.git.porcelain import Change
from coder.git.summary import Summary

MOST = 20_000
"""Of more changed paths only the number is compared."""


@dataclass(frozen=True, slots=True)
class State:
    """`letters` are git's two for each changed path; None for too many of them. `count` is None, and `commit` may be
    "", where git did not tell."""

    branch: str = ""
    commit: str = ""
    underway: str = ""
    count: int | None = None
    letters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """From `before` to a later look. `dirty` are the paths that are changed now and were not, or were otherwise, with
    git's letters; `clean` those that are no longer."""

    before: State
    is_branch: bool = False
    is_commit: bool = False
    is_underway: bool = False
    is_count: bool = False
    dirty: tuple[tuple[str, str], ...] = ()
    clean: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        paths = bool(self.dirty or self.clean)
        return self.is_branch or self.is_commit or self.is_underway or self.is_count or paths


def state_of(summary: Summary) -> State:
    status = summary.status
    underway = ", ".join(each.doing for each in summary.underway)
    if status is None:
        return State(summary.branch, summary.commit, underway)
    letters = {change.path: letters_of(change) for change in status.changes} if len(status.changes) <= MOST else None
    return State(summary.branch, summary.commit, underway, len(status.changes), letters)


def letters_of(change: Change) -> str:
    """As `git status --short` writes them."""
    if change.is_untracked:
        return "??"
    return f"{change.staged or ' '}{change.unstaged or ' '}"


def difference(before: State, now: State) -> Difference:
    """What is not known of one of them does not differ. From git's files alone a branch has no commit."""
    knows_commits = bool(before.commit and now.commit) or (before.count is not None and now.count is not None)
    old, new = before.letters, now.letters
    knows_paths = old is not None and new is not None
    return Difference(
        before,
        is_branch=before.branch != now.branch,
        is_commit=knows_commits and before.commit != now.commit,
        is_underway=before.underway != now.underway,
        is_count=not knows_paths and None not in (before.count, now.count) and before.count != now.count,
        dirty=tuple((path, each) for path, each in (new or {}).items() if (old or {}).get(path) != each) * knows_paths,
        clean=tuple(path for path in old or {} if path not in (new or {})) * knows_paths,
    )
