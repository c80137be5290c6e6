"""What is told at the start: where we are, from files alone, before anything else is loaded. Must not know models."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from coder.core.ordinary import read_ordinary

_LONGEST = 8192


def branch_of(folder: Path) -> str:
    """The branch that `folder` is on, from git's files; "" outside of git. Runs nothing."""
    for above in (folder, *folder.parents):
        place = above / ".git"
        with suppress(OSError, ValueError):
            if place.is_file():
                place = (above / _text(place).removeprefix("gitdir:").strip()).resolve()
            head = _text(place / "HEAD").strip()[:1000]
            return head.removeprefix("ref: refs/heads/") if head.startswith("ref: ") else f"detached at {head[:8]}"
        if os.path.lexists(place):
            return ""
    return ""


def _text(path: Path) -> str:
    """Of a repository that may be anybody's: a pipe in its place would hold us up, a device would never end."""
    return read_ordinary(path, _LONGEST).decode("utf-8")
