"""Which hooks lie in a folder of hooks, and which of them an action of git starts. Runs none."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_ALWAYS = ("post-index-change", "reference-transaction")
COMMIT = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-auto-gc", *_ALWAYS)
AMEND = (*COMMIT, "post-rewrite")
SWITCH = ("post-checkout", *_ALWAYS)
INDEX = ("post-index-change",)
STASH = _ALWAYS


def hooks_in(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that git would run: a file that may be executed."""
    return tuple(name for name in names if (folder / name).is_file() and os.access(folder / name, os.X_OK))
