"""What a work tree is like right now, in a few facts: its head, what is changed, the last commits. Asks git, bounded in
time, and falls back on git's files. Must not know who is told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from coder.git import porcelain
from coder.git.call import Answer, Git
from coder.git.heads import head_of, main_branch
from coder.git.porcelain import Status
from coder.git.progress import progress
from coder.git.repository import Repository

SECONDS = 2.0
COMMITS = 5
_MOST_BYTES = 32 << 20
_MOST_LOG = 1 << 16
# Without looking for renames: both ends of one are changed, and no content need be read to know it.
_STATUS = (*porcelain.ARGUMENTS, "--untracked-files=normal", "--no-renames")
_LOG = ("log", "--no-show-signature", "--no-notes", "--no-decorate", "--no-color", "--no-patch", "--encoding=UTF-8")
_FORMAT = "--format=tformat:%h%x00%s%x00"


@dataclass(frozen=True, slots=True)
class Commit:
    """`hash` is the short one. `subject` may hold anything."""

    hash: str
    subject: str


@dataclass(frozen=True, slots=True)
class Came:
    """The commits of HEAD that an earlier one does not have, the newest first, at most `COMMITS`; `count` is how many
    there are. `lost`: how many of the earlier one HEAD does not have."""

    commits: tuple[Commit, ...] = ()
    count: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """`commit` is the whole hash, "" where there is none yet, or where git did not tell; `branch` is "" when detached.
    `status` is None when git did not tell: `problem` says why then. `came` is None unless HEAD is not what it was."""

    repository: Repository
    branch: str = ""
    commit: str = ""
    progress: str = ""
    main: str = ""
    status: Status | None = None
    commits: tuple[Commit, ...] = ()
    problem: str = ""
    came: Came | None = field(default=None)


def from_files(repository: Repository, problem: str) -> Summary:
    """What can be known without git. Never raises."""
    branch, commit = head_of(repository.folder)
    return Summary(
        repository, branch, commit, progress(repository), main_branch(repository), problem=problem
    )


async def look(
    git: Git, repository: Repository, folder: Path, since: str = "", seconds: float = SECONDS
) -> Summary:
    """Asks git, for at most `seconds`. `since` is a commit: what came after it is told as well. A cancelled caller ends
    git first. Never raises otherwise."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    asked, logged = await asyncio.gather(
        git.asked(folder, *_STATUS, most=_MOST_BYTES, seconds=seconds),
        git.asked(folder, *_LOG, _FORMAT, f"--max-count={COMMITS}", most=_MOST_LOG, seconds=seconds),
    )
    known = from_files(repository, asked.problem or "git could not tell")
    if not asked.ok:
        return Summary(
            repository, known.branch, known.commit, known.progress, known.main, None, _commits(logged), known.problem
        )
    status = await asyncio.to_thread(porcelain.parse, asked.out)
    came = None
    if since and status.commit and status.commit != since:
        came = await _came(git, folder, since, status.commit, end - loop.time())
    return Summary(
        repository, status.branch, status.commit, known.progress, known.main, status, _commits(logged), "", came
    )


async def _came(git: Git, folder: Path, since: str, commit: str, seconds: float) -> Came:
    if seconds <= 0:
        return Came()
    counted, logged = await asyncio.gather(
        git.asked(folder, "rev-list", "--left-right", "--count", f"{since}...{commit}", "--", most=100, seconds=seconds),
        git.asked(
            folder, *_LOG, _FORMAT, f"--max-count={COMMITS}", f"{since}..{commit}", "--", most=_MOST_LOG, seconds=seconds
        ),
    )
    lost, count = (int(word) for word in counted.out.split()) if counted.ok else (0, 0)
    return Came(_commits(logged), count, lost)


def _commits(logged: Answer) -> tuple[Commit, ...]:
    if not logged.ok:
        return ()
    *parts, _ = logged.text.split("\0")
    return tuple(Commit(hash.strip(), subject) for hash, subject in zip(parts[::2], parts[1::2], strict=False))
