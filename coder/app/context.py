"""The facts about the place that travel behind the cached prefix. Reads at most two small files; runs nothing."""

from __future__ import annotations

import os
import stat
import sys
from datetime import date
from pathlib import Path

from coder.core import prompts
from coder.core.messages import Message, Meta, Text
from coder.core.visible import visible_line

_LONGEST_BRANCH = 200


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
            head = _first_line(marker / "HEAD")
        except OSError:
            continue
        name = head.removeprefix("ref: refs/heads/")
        shown = visible_line(name)[:_LONGEST_BRANCH]
        return f"yes, {folder}, " + (f"on branch {shown}" if name != head else f"detached at {shown[:12]}")
    return "no"


def _first_line(path: Path) -> str:
    """The start of a regular file that anybody may have written. Never waits for a pipe. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is not a regular file")
        data = file.read(1024) or b""
    return data.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
