"""An agent leaves its worktree: what it changed is committed on its branch, and the worktree goes when it is proved
that nothing is lost by it. Must not know models, or why the agent ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coder.app.subagents.gathered import Gathered, gather
from coder.app.subagents.origin import LEAVING, Stand
from coder.app.worktree import forget_trust
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.git.worktrees.commits import commits_of
from coder.git.worktrees.making import unlock
from coder.git.worktrees.removal import branch_removed, removed
from coder.git.worktrees.state import State, state_of
from coder.git.worktrees.tenancy import in_turn, is_inhabited
from coder.git.worktrees.trees import Checkout, WorkTree, at_path, write_note


@dataclass(frozen=True, slots=True)
class Left:
    """What became of a worktree. `branch` has what the agent changed, "" when that is nothing; `kept` is the folder,
    where it could not go. `text` says it to people and to the model, "" when there is nothing to say."""

    branch: str = ""
    kept: Path | None = None
    text: str = ""


def leave(stand: Stand, *, ok: bool) -> Left:
    """Blocks; never raises."""
    main, tree = stand.main, stand.tree
    if main is None or tree is None:
        return Left("", stand.path, f"What the agent changed is in {visible_line(str(stand.path))}, which a hook made.")
    gathered = Gathered()
    try:
        now = at_path(main, stand.path)
        if now is None:
            return _vanished(stand, main, tree)
        gathered = gather(stand, main, now, ok=ok)
        with in_turn(main.shared):
            return _left(stand, main, gathered)
    except OSError as error:
        return _kept(stand, main, tree, gathered, (error.strerror or str(error),))
    finally:
        if stand.tenant is not None:
            stand.tenant.leave()


def _left(stand: Stand, main: Checkout, gathered: Gathered) -> Left:
    git = stand.git
    if stand.tenant is not None:
        stand.tenant.leave()
    tree = at_path(main, stand.path)
    if tree is None:
        return _vanished(stand, main, stand.tree)
    if is_inhabited(tree.admin):
        return _kept(stand, main, tree, gathered, ("somebody else works there",))
    unlock(git, main, tree)
    tree = at_path(main, stand.path) or tree
    state = state_of(git, main, tree, keeps_branch=True)
    if gathered.problem or not state.is_empty:
        return _kept(stand, main, tree, gathered, state.reasons)
    holds_work = _holds_work(stand, main, tree)
    if problem := _gone(stand, main, tree, state):
        return _kept(stand, main, tree, gathered, (problem,))
    forget_trust(stand.origin.config.home, tree.path)
    is_made_by_us = not tree.note.get("hook")
    if not holds_work and (not is_made_by_us or branch_removed(git, main, tree, commits_of(git, main, tree))):
        return Left()
    return Left(tree.branch, None, _said(tree.branch, gathered))


def _gone(stand: Stand, main: Checkout, tree: WorkTree, state: State) -> str:
    """Removes the worktree. Why it could not be, or ""."""
    hooks = stand.hooks
    if hooks is not None and hooks.remove_them:
        hooks.remove(tree.path)
        if at_path(main, tree.path) is None:
            return ""
        state = state_of(stand.git, main, tree, keeps_branch=True)
        if not state.is_empty:
            return "; ".join(state.reasons)
    if tree.note.get("hook"):
        return "a hook made it, and none removes it"
    write_note(tree, {**tree.note, LEAVING: True})
    return removed(stand.git, main, tree, state.files)


def _holds_work(stand: Stand, main: Checkout, tree: WorkTree) -> bool:
    """Whether its branch has anything that the commit has not at which it began."""
    base, tip = str(tree.note.get("base") or ""), f"refs/heads/{tree.branch}"
    if not base or not tree.branch:
        return True
    return not stand.git.answer(main.top, "merge-base", "--is-ancestor", tip, base).ok


def _kept(stand: Stand, main: Checkout, tree: WorkTree, gathered: Gathered, reasons: tuple[str, ...]) -> Left:
    why = "; ".join(dict.fromkeys(filter(None, (gathered.problem, *reasons)))) or "it is not known why"
    branch = tree.branch if tree.branch and _holds_work(stand, main, tree) else ""
    place = visible_line(str(tree.path))
    kept = f"worktree {visible_line(tree.name)} is kept at {place}: {why}. Look at it with: coder worktree list"
    return Left(branch, tree.path, " ".join(filter(None, (_said(branch, gathered) if branch else "", kept))))


def _vanished(stand: Stand, main: Checkout, tree: WorkTree | None) -> Left:
    """Somebody has removed it meanwhile; what was committed is there still."""
    own = tree.own_branch if tree is not None else ""
    there = own and stand.git.answer(main.top, "rev-parse", "-q", "--verify", f"refs/heads/{own}").ok
    path = visible_line(str(stand.path))
    return Left(own if there else "", None, f"The worktree {path} is gone: git knows none there any more.")


def _said(branch: str, gathered: Gathered) -> str:
    return " ".join(_sentences(branch, gathered))


def _sentences(branch: str, gathered: Gathered) -> Iterator[str]:
    files = gathered.files
    told = f" ({files} file{'' if files == 1 else 's'} committed as {gathered.commit[:7]})" if gathered.commit else ""
    yield f"What the agent changed is on the branch {visible_line(branch)}{told}."
    yield from gathered.notes
