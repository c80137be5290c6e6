"""What a work tree is like right now, in a few facts: its head, what is changed, the last commits. Asks git, bounded in
time, and falls back on git's files. Must not know who is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git import porcelain
from coder.git.call import Answer, Git
from coder.git.heads import head_of, main_branch
from coder.git.porcelain import Status
from coder.git.progress import Progress, progress
from coder.git.repository import Repository
from coder.git.view import Refusal, View, view

SECONDS = 2.0
COMMITS = 5
_SLOW = "git took too long"
_MOST_STATUS = 32 << 20
_MOST_LOG = 1 << 16
# Without looking for renames: both ends of one are changed, and no content need be read to know it.
_STATUS = (*porcelain.ARGUMENTS, "--untracked-files=normal", "--no-renames")
_LOG = ("log", "--no-show-signature", "--no-notes", "--no-decorate", "--no-color", "--no-patch", "--encoding=UTF-8")
_FORMAT = (*_LOG, "--format=tformat:%h%x00%s%x00", f"--max-count={COMMITS}")


@dataclass(frozen=True, slots=True)
class Commit:
    """`hash` is the short one. `subject` may hold anything."""

    hash: str
    subject: str


@dataclass(frozen=True, slots=True)
class Came:
    """The commits of HEAD that an earlier one does not have, the newest first, at most `COMMITS`; `count` is how many
    there are, 0 when git did not tell. `lost`: how many of the earlier one HEAD does not have."""

    commits: tuple[Commit, ...] = ()
    count: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """`commit` is the whole hash, "" where there is none yet, or where git did not tell; `branch` is "" when detached.
    `status` is None when git did not tell: `problem` says why then, and `is_slow` that it is better not asked again."""

    repository: Repository
    branch: str = ""
    commit: str = ""
    underway: tuple[Progress, ...] = ()
    main: str = ""
    status: Status | None = None
    commits: tuple[Commit, ...] = ()
    problem: str = ""
    is_slow: bool = False


def from_files(repository: Repository, problem: str, *, is_slow: bool = False) -> Summary:
    """What can be known without git. Never raises."""
    branch, commit = head_of(repository.folder)
    underway, main = progress(repository.folder), main_branch(repository)
    return Summary(repository, branch, commit, underway, main, problem=problem, is_slow=is_slow)


async def look(
    git: Git, repository: Repository, folder: Path, roots: Iterable[Path] = (), seconds: float = SECONDS
) -> Summary:
    """Asks git, for at most `seconds`. A cancelled caller ends git first. Never raises otherwise."""
    try:
        async with asyncio.timeout(seconds):
            seen = await view(git, folder, roots)
            if isinstance(seen, Refusal):
                return from_files(repository, seen.text, is_slow=not git.is_there)
            return await _asked(seen)
    except TimeoutError:
        return from_files(repository, _SLOW, is_slow=True)


async def came(git: Git, folder: Path, since: str, commit: str, seconds: float = SECONDS) -> Came:
    """What `commit` has that `since`, an earlier HEAD, has not. Both are whole hashes."""
    try:
        async with asyncio.timeout(seconds):
            counted, logged = await asyncio.gather(
                git.asked(folder, "rev-list", "--left-right", "--count", f"{since}...{commit}", "--", most=100),
                git.asked(folder, *_FORMAT, f"{since}..{commit}", "--", most=_MOST_LOG),
            )
    except TimeoutError:
        return Came()
    lost, count = (int(word) for word in counted.out.split()) if counted.ok else (0, 0)
    return Came(_commits(logged), count, lost)


async def _asked(seen: View) -> Summary:
    asked, logged = await asyncio.gather(
        seen.asked(*_STATUS, most=_MOST_STATUS), seen.asked(*_FORMAT, "HEAD", "--", most=_MOST_LOG)
    )
    if not asked.ok:
        known = from_files(seen.repository, _why(seen, asked), is_slow=asked.cut == "slow")
        return Summary(
            known.repository,
            known.branch,
            known.commit,
            known.underway,
            known.main,
            commits=_commits(logged),
            problem=known.problem,
            is_slow=known.is_slow,
        )
    status = await asyncio.to_thread(porcelain.parse, asked.out)
    return Summary(
        seen.repository,
        status.branch,
        status.commit,
        progress(seen.repository.folder),
        main_branch(seen.repository),
        status,
        _commits(logged),
    )


def _why(seen: View, asked: Answer) -> str:
    return "it has no work tree" if seen.is_bare else asked.problem or "git does not say why"


def _commits(logged: Answer) -> tuple[Commit, ...]:
    if not logged.ok:
        return ()
    *parts, _ = logged.text.split("\0")
    return tuple(Commit(short.strip(), subject) for short, subject in zip(parts[::2], parts[1::2], strict=False))
