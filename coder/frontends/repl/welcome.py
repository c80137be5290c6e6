"""What is told at the start: where we are, from files alone, before anything else is loaded. Must not know models."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def branch_of(folder: Path) -> str:
    """The branch that `folder` is on, from git's files; "" outside of git. Runs nothing."""
    for above in (folder, *folder.parents):
        place = above / ".git"
        with suppress(OSError, UnicodeDecodeError):
            if place.is_file():
                place = (above / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
            head = (place / "HEAD").read_text(encoding="utf-8")[:1000].strip()
            return head.removeprefix("ref: refs/heads/") if head.startswith("ref: ") else f"detached at {head[:8]}"
        if os.path.lexists(place):
            return ""
    return ""


def memory_files(folder: Path) -> tuple[str, ...]:
    """The notes for the model that lie in `folder`."""
    return tuple(name for name in ("AGENTS.md", "CLAUDE.md") if (folder / name).is_file())
