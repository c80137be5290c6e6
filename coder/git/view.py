"""A repository looked at from a folder, in the way in which nothing of it runs. Reads; must not know what for.

Whoever reads the contents of a work tree asks through a `View`: content filters of the repository's own settings are
switched off there, and a repository whose files or objects lie elsewhere than it seems is refused.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.git import filters as content_filters
from coder.git.call import Answer, Git
from coder.git.filters import Filters
from coder.git.repository import Repository, pipe_in, repository_of

_OWNER = re.compile(r"dubious ownership|unsafe repository")
_WHERE = ("rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--show-toplevel")
_SETTINGS = ("diff.autoRefreshIndex=false", "log.showRoot=true", "i18n.logOutputEncoding=UTF-8")
# The first, for else `git diff` writes the index.
_LINKS = ("objects", "refs", "packed-refs", "HEAD", "index", "config")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it is not read and what to do, in one sentence. `is_missing`: there is no repository."""

    text: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """`folder` lies in `repository`, which is bare (has no work tree) or not."""

    git: Git
    repository: Repository
    folder: Path
    filters: Filters
    is_bare: bool = False

    async def asked(
        self, *arguments: str, stdin: bytes = b"", most: int | None = None, seconds: float | None = None
    ) -> Answer:
        """As `Git.asked`, in this folder."""
        settings = (*self.filters.settings, *_SETTINGS)
        return await self.git.asked(self.folder, *arguments, stdin=stdin, most=most, seconds=seconds, settings=settings)


async def view(git: Git, folder: Path, roots: Iterable[Path] = ()) -> View | Refusal:
    """What lies round `folder`. Objects and files may lie in the `roots` too, wherever the repository points there."""
    if not git.is_there:
        return Refusal("git is not installed, or not on PATH: install it, or do without.")
    repository = repository_of(folder)
    if repository is None:
        return Refusal(f"{folder} is in no git repository; `git init` would make one.", is_missing=True)
    if pipe := pipe_in(repository):
        return Refusal(f"{pipe} is no ordinary file, so the repository in {repository.top} is not read. Remove it.")
    if problem := _elsewhere(repository, tuple(roots)):
        return Refusal(problem)
    where, listed = await asyncio.gather(git.asked(folder, *_WHERE), git.asked(folder, *content_filters.ARGUMENTS))
    found = content_filters.filters(listed)
    if problem := _problem(where, repository, found):
        return Refusal(problem)
    return View(git, repository, folder, found, is_bare=not where.ok)


def _problem(where: Answer, repository: Repository, found: Filters) -> str:
    """Why it cannot be read, or ""."""
    if where.cut:
        return (
            f"{where.problem}: nothing is known of the repository in {repository.top}. Try once more, or go on without."
        )
    lines = os.fsdecode(where.out).split("\n")
    if where.ok:
        top = lines[2] if len(lines) > 2 else ""
        if os.path.realpath(top) != os.path.realpath(repository.top):
            return (
                f"The repository in {repository.top} is set up for files elsewhere ({top}, by core.worktree), so it "
                "is not read by this tool. Work in that folder, or use git in Bash."
            )
    elif lines[0] != "true" and lines[1:2] != ["true"]:
        return _failure(where, repository)
    if found.problem:
        return f"The repository in {repository.top} is not read: {found.problem}."
    return ""


def _failure(where: Answer, repository: Repository) -> str:
    said = where.problem or "git does not say why"
    if _OWNER.search(said):
        return (
            f"git refuses the repository in {repository.top}, for it is somebody else's. If the person trusts it, "
            f"they can run: git config --global --add safe.directory {repository.top}"
        )
    return f"git cannot read the repository in {repository.top}: {said}. `git fsck` in Bash may tell more."


def _elsewhere(repository: Repository, roots: tuple[Path, ...]) -> str:
    """Whether what stands in the work tree leads to another repository, as no `git worktree` or `git submodule`
    would."""
    try:
        top = Path(os.path.realpath(repository.top))
        allowed = (top, *(Path(os.path.realpath(root)) for root in roots))
        folder, shared = (Path(os.path.realpath(each)) for each in (repository.folder, repository.shared))
        known = folder if _points_back(folder, shared, top) else None
        for place in (folder, shared):
            if not (known or any(place.is_relative_to(each) for each in allowed)):
                return _borrowed(repository.top, place)
        for base in {folder, shared}:
            for name in _LINKS:
                place = Path(os.path.realpath(base / name))
                if not any(place.is_relative_to(each) for each in (*allowed, folder, shared)):
                    return _borrowed(repository.top, place)
    except (OSError, ValueError) as error:
        return f"The repository in {repository.top} cannot be read: {error}."
    return ""


def _borrowed(top: Path, place: Path) -> str:
    return (
        f"The repository in {top} leads to {place}, which does not know it, so it is not read by this tool. "
        "Work in the folder it belongs to, or use git in Bash."
    )


def _points_back(folder: Path, shared: Path, top: Path) -> bool:
    """A linked work tree is registered where its objects are; a submodule's settings name its work tree."""
    if folder != shared:
        if folder.parent != shared / "worktrees":
            return False
        named = read_ordinary(folder / "gitdir", 4096).decode("utf-8", "surrogateescape").strip()
        return os.path.realpath(folder / named) == str(top / ".git")
    named = _worktree_of(folder / "config")
    return bool(named) and os.path.realpath(folder / named) == str(top)


def _worktree_of(file: Path) -> str:
    text = read_ordinary(file, 1 << 16).decode("utf-8", "surrogateescape")
    found = re.search(r"^\s*worktree\s*=\s*(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE)
    return found[1].strip('"') if found else ""
