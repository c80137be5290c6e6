"""The facts about the place that travel behind the cached prefix. Reads at most two small files; runs nothing."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

from coder.core import prompts
from coder.core.messages import Message, Meta, Text


def context_message(cwd: Path, roots: tuple[Path, ...], today: date) -> Message:
    """The first message of a session: environment facts for the model."""
    others = ", ".join(str(root) for root in roots if root != cwd)
    text = prompts.load(
        "context",
        cwd=str(cwd),
        more_roots=f"\nOther working folders: {others}" if others else "",
        platform=f"{sys.platform} ({os.uname().machine})",
        date=today.isoformat(),
        git=git_state(cwd),
    )
    return Message("user", (Text(text),), Meta(kind="context"))


def git_state(cwd: Path) -> str:
    """Whether `cwd` is in a git work tree and on which branch, read from .git itself: no process, no index."""
    for folder in (cwd, *cwd.parents):
        marker = folder / ".git"
        try:
            if marker.is_file():
                return f"a work tree of {folder}"
            head = (marker / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        name = head.removeprefix("ref: refs/heads/")
        return f"yes, {folder}, " + (f"on branch {name}" if name != head else f"detached at {head[:12]}")
    return "no"
