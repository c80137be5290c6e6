"""The facts about the place that travel behind the cached prefix. Reads a few small files; runs nothing."""

from __future__ import annotations

import os
import re
import sys
from datetime import date
from pathlib import Path

from coder.core import prompts
from coder.core.messages import Message, Meta, Text
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.git.heads import head_of
from coder.git.repository import Repository, repository_of

_LONGEST = 200
_IS_BARE = re.compile(rb"^\s*bare\s*=\s*(?:true|yes|on|1)\s*$", re.MULTILINE | re.IGNORECASE)


def context_message(cwd: Path, roots: tuple[Path, ...], today: date, *, tells_branch: bool = True) -> Message:
    """The first message of a session: environment facts for the model. Without
    `tells_branch` the branch is told elsewhere."""
    others = ", ".join(str(root) for root in roots if root != cwd)
    text = prompts.load(
        "context",
        cwd=str(cwd),
        more_roots=f"\nOther working folders: {others}" if others else "",
        platform=f"{sys.platform} ({os.uname().machine})",
        date=today.isoformat(),
        git=git_state(cwd, tells_branch=tells_branch),
    )
    return Message("user", (Text(text),), Meta(kind="context"))


def git_state(cwd: Path, *, tells_branch: bool = True) -> str:
    """Whether `cwd` is in a git work tree, of which kind, and on which branch, read from git's own files: no process,
    no index."""
    repository = repository_of(cwd)
    if repository is None:
        return _bare(cwd)
    state = f"yes, {repository.top}{_kind(repository)}"
    return f"{state}, {_branch(repository.folder)}" if tells_branch else state


def _branch(folder: Path) -> str:
    branch, commit = head_of(folder)
    return f"on branch {_shown(branch)}" if branch else f"detached at {_shown(commit)[:12]}"


def _kind(repository: Repository) -> str:
    if repository.shared != repository.folder:
        main = repository.shared.parent if repository.shared.name == ".git" else repository.shared
        return f" (a linked work tree of {_shown(str(main))})"
    return " (a submodule)" if "modules" in repository.folder.parts and repository.folder.name != ".git" else ""


def _bare(cwd: Path) -> str:
    """A folder may be a repository itself, as on a server: git's files without a work tree."""
    try:
        looks_like_one = all((cwd / name).is_dir() for name in ("objects", "refs"))
        if looks_like_one and _IS_BARE.search(read_ordinary(cwd / "config", 1 << 16)):
            return f"a bare one without a work tree, {cwd}, {_branch(cwd)}"
    except OSError:
        pass
    return "no"


def _shown(text: str) -> str:
    return visible_line(text[:1024])[:_LONGEST]
