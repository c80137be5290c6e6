"""What is known of a file beside the journals: what it is now, and what git's log says. Must not know sessions."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from coder.app.who.values import Commit, Now, Side
from coder.core.ordinary import read_ordinary
from coder.git.call import Git
from coder.git.hashes import hashes
from coder.git.repository import repository_of

_MOST = 10_000_000
_SECONDS = 3.0


def now_of(path: str, git: Git, last: Side | None, *, known: bool) -> Now:
    """`last` is what the last change left, None for nothing; where there is none at all nothing is `known`."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        differs = last is not None if known else None
        return Now(path, exists=False, differs=differs, commits=_commits(path, git))
    differs = _differs(path, status, last) if known else None
    return Now(path, exists=True, changed=status.st_mtime, differs=differs, commits=_commits(path, git))


def _differs(path: str, status: os.stat_result, last: Side | None) -> bool | None:
    if last is None:
        return True
    if stat.S_ISLNK(status.st_mode):
        return last.kind != "link" or str(Path(path).readlink()) != last.content
    if not stat.S_ISREG(status.st_mode):
        return last.kind in ("file", "link") or None
    if last.kind != "file" or status.st_size != last.size:
        return True
    if not last.content.startswith("b:") or status.st_size > _MOST:
        return None
    try:
        data = read_ordinary(Path(path), _MOST)
    except OSError:
        return None
    return f"b:{hashlib.sha256(data).hexdigest()}" != last.content


def _commits(path: str, git: Git) -> tuple[Commit, ...]:
    """The last that touched it on this branch, if git tells in time."""
    repository = repository_of(Path(path).parent)
    if repository is None or path == str(repository.top):
        return ()
    name = str(Path(path).relative_to(repository.top))
    shown = ("log", "-1", "--no-show-signature", "--format=%H%x00%an%x00%at%x00%s", "--end-of-options", "HEAD", "--")
    settings = ("i18n.logOutputEncoding=UTF-8",)
    env = {"GIT_LITERAL_PATHSPECS": "1"}
    answer = git.answer(repository.top, *shown, name, settings=settings, env=env, seconds=_SECONDS, most=1_000_000)
    return tuple(commit for line in answer.out.split(b"\n") if (commit := _commit(line)) is not None)


def _commit(line: bytes) -> Commit | None:
    fields = line.decode("utf-8", "replace").split("\0")
    if len(fields) != 4 or not hashes([fields[0]]) or not fields[2].isdecimal():
        return None
    return Commit(fields[0], fields[1], float(fields[2]), fields[3])
