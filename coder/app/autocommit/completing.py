"""Completes a commit of ours that was cut off before it was on its branch. Must not know why it was made."""

from __future__ import annotations

from pathlib import Path

from coder.app.autocommit import ledger
from coder.git.call import Git
from coder.git.entries import index_entries, tree_entries
from coder.git.own_commit import Landing, branch_for, land
from coder.git.repository import Repository
from coder.git.standing import BRANCHES, Standing


def complete(folder: Path, repository: Repository, git: Git, standing: Standing) -> ledger.OwnCommit | None:
    """Puts the latest commit of the session onto its branch when it was noted, but nothing tells that it got there, and
    HEAD is where it was then. Returns it when it did so. Blocks; raises OSError."""
    noted = [each for each in ledger.commits(folder) if each.top == str(repository.top)]
    if not noted or noted[-1].state != "noted":
        return None
    last = noted[-1]
    if standing.head == last.commit:  # it was there, only that was not written down
        ledger.note_state(folder, last.commit, "landed")
        return None
    is_whole = git.answer(repository.top, "cat-file", "-e", f"{last.commit}^{{tree}}").ok
    if not is_whole or standing.head != last.parent or standing.ref not in (last.branch, last.started_from):
        ledger.note_state(folder, last.commit, "dropped")
        return None
    entries = tree_entries(git, repository.top, last.commit, last.paths)
    now = index_entries(git, repository.top, last.index)
    held = {path: now[path].entry if path in now else None for path in last.index}
    # Where the index is neither as before nor as in the commit, it is the person's.
    ours = {path: last.index[path] for path, entry in held.items() if entry in (last.index[path], entries.get(path))}
    ref = branch_for(repository, git, last.branch.removeprefix(BRANCHES), standing) if standing.head else last.branch
    landing = Landing(ref, last.commit, last.parent, {path: entries.get(path) for path in ours}, ours)
    if ref != last.branch or land(repository, git, standing, landing):
        ledger.note_state(folder, last.commit, "dropped")
        return None
    ledger.note_state(folder, last.commit, "landed")
    return last
