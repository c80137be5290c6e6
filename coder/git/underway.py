"""What a repository is in the middle of: a merge, a rebase. Looks for git's own marks; runs nothing."""

from __future__ import annotations

import os

from coder.git.repository import Repository

_MARKS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


def underway(repository: Repository) -> str:
    """git's word for it: merge, rebase, am, cherry-pick, revert or bisect; "" for nothing."""
    marks = (verb for mark, verb in _MARKS.items() if os.path.lexists(repository.folder / mark))
    return next(marks, "")
