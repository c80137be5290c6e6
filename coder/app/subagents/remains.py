"""Worktrees of agents that nobody lives in any more and that are there still: left behind by a crash, or kept because
something would be lost. Reads files and runs nothing, so that a session can look when it begins.
"""

from __future__ import annotations

from pathlib import Path

from coder.app.subagents.origin import AGENT, SESSION
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.git.worktrees.tenancy import is_inhabited
from coder.git.worktrees.trees import main_checkout, worktrees

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Remains:
    """`was_cut_off`: the agent did not end, so nothing of it is committed. `session` is the one that it belonged to."""

    agent: str
    session: str
    name: str
    path: Path
    branch: str
    was_cut_off: bool


def remains(folder: Path, session: str = "") -> tuple[Remains, ...]:
    """Those in the repository of a folder, of one session or of all. Blocks; never raises."""
    try:
        main = main_checkout(folder)
    except (ConfigError, OSError):
        return ()
    found = (
        Remains(
            agent=str(tree.note[AGENT]),
            session=str(tree.note.get(SESSION) or ""),
            name=tree.name,
            path=tree.path,
            branch=tree.branch,
            was_cut_off=tree.lock is not None and not tree.is_locked_by_others,
        )
        for tree in worktrees(main)
        if tree.note.get(AGENT) and not is_inhabited(tree.admin)
    )
    return tuple(each for each in found if not session or each.session == session)


def told(found: tuple[Remains, ...]) -> str:
    """One line for people about those that were cut off; "" for none."""
    names = [visible_line(each.name) for each in found if each.was_cut_off]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    which = ", ".join(names[:_NAMED]) + more
    ended, have = ("agent that did not end has", "it") if len(names) == 1 else ("agents that did not end have", "them")
    return f"{len(names)} {ended} left a worktree ({which}). What is in {have} is not committed: coder worktree list"
