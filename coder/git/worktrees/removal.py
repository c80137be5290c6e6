"""Removes a work tree file by file: only those that were seen and are still as they were. Never by force: whatever has
come since stays, and so does the folder round it. Must not know why it is removed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.worktrees.commits import Commits
from coder.git.worktrees.files import Files, mark_of
from coder.git.worktrees.trees import Checkout, WorkTree, worktrees


def is_emptied(tree: WorkTree) -> bool:
    """Whether nothing of it is left but, perhaps, an empty folder. Such a folder goes."""
    if os.path.lexists(tree.path / ".git"):
        return False
    with suppress(OSError):  # as for one that is not empty
        tree.path.rmdir()
    return not tree.is_there


def removed(git: Git, main: Checkout, tree: WorkTree, files: Files) -> str:
    """Why it could not be removed; "" when it was. `files` are those that may go. Blocks; never raises."""
    if tree.is_there:
        try:
            _remove_files(tree.path, files)
        except OSError as error:
            return f"{visible_line(str(error.filename or tree.path))}: {error.strerror}"
        except _ChangedError as error:
            return f"{visible_line(str(error))} has changed just now"
    answer = git.answer(main.top, "worktree", "remove", str(tree.path))
    return "" if answer.ok else visible_line(answer.problem) or "git does not forget it"


def branch_removed(git: Git, main: Checkout, tree: WorkTree, commits: Commits) -> bool:
    """Removes the branch that coder made, if it stands where it stood when all its commits were found elsewhere. For a
    work tree that is gone."""
    branch = tree.own_branch
    if not branch or not commits.tip or commits.lost or any(other.branch == branch for other in worktrees(main)):
        return False
    return git.answer(main.top, "update-ref", "-d", f"refs/heads/{branch}", commits.tip).ok


class _ChangedError(Exception):
    """A file is not what it was."""


def _remove_files(top: Path, files: Files) -> None:
    """Raises OSError and _ChangedError; nothing is removed when a file had changed before."""
    for seen in files.every:
        if mark_of((top / seen.name).lstat()) != seen.mark:
            raise _ChangedError(seen.name)
    for seen in files.every:
        path = top / seen.name
        if mark_of(path.lstat()) != seen.mark:
            raise _ChangedError(seen.name)
        path.unlink()
    for folder in files.folders:
        with suppress(FileNotFoundError):
            (top / folder).rmdir()
    left = [path.name for path in top.iterdir() if path.name != ".git"]
    if left:
        raise _ChangedError(left[0])
    (top / ".git").unlink()
    top.rmdir()
