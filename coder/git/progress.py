"""What a repository is in the middle of: a merge, a rebase at a step. Looks at git's own marks; runs nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from coder.core.ordinary import read_ordinary
from coder.git.repository import Repository

_MARKS = (
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)
_STEPS = {"rebase-merge": ("msgnum", "end"), "rebase-apply": ("next", "last")}


def progress(repository: Repository) -> str:
    """git's word for it, with the step where there are several ("rebase, step 2 of 5"); "" for nothing. Never raises."""
    for mark, verb in _MARKS:
        if os.path.lexists(repository.folder / mark):
            return verb + _step(repository.folder, mark.partition("/")[0])
    return ""


def _step(folder: Path, mark: str) -> str:
    numbers = [_number(folder / mark / name) for name in _STEPS.get(mark, ())]
    return f", step {numbers[0]} of {numbers[1]}" if all(numbers) and numbers else ""


def _number(path: Path) -> int:
    with suppress(OSError, ValueError):
        return int(read_ordinary(path, 12))
    return 0
