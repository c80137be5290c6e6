"""What an agent changed in its worktree, as one commit on its branch. Runs no hook and signs nothing.

What must not be committed stays where it is: ignored files, what looks like a secret or is denied, what only a program
of the repository could take in. Must not know what becomes of the worktree.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from coder.app.autocommit import wording
from coder.app.autocommit.place import stands
from coder.app.subagents.origin import Stand
from coder.core.dataclass import dataclass
from coder.core.scratch import Scratch
from coder.core.visible import visible_line
from coder.git import own_commit
from coder.git.entries import GITLINK, Entry, index_entries, tree_entries
from coder.git.own_commit import Built, Identity, Landing, is_there
from coder.git.repository import Repository, repository_of
from coder.git.secretive import looks_secret
from coder.git.standing import BRANCHES, Standing, Stuck, commit_at
from coder.git.unfit import foreign_filters
from coder.git.worktrees.files import Files, files_of
from coder.git.worktrees.trees import Checkout, WorkTree

_LARGEST = 50_000_000  # bytes of a file that git does not know yet


@dataclass(frozen=True, slots=True)
class Gathered:
    """`commit` is "" when there was nothing to commit; `notes` are about what it holds and what not. `problem`: there
    is something, and it could not be committed."""

    commit: str = ""
    files: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    stand: Stand
    repository: Repository
    standing: Standing
    who: Identity
    message: str
    scratch: Path


def gather(stand: Stand, main: Checkout, tree: WorkTree, *, ok: bool) -> Gathered:
    """Commits on the branch that was made for it. Blocks; raises OSError."""
    if not tree.is_sound:
        return Gathered(problem=f"{tree.path} is no longer the folder that git knows")
    files = files_of(stand.git, main, tree)
    if files.problem:
        return Gathered(problem=f"not committed, {visible_line(files.problem)}")
    wanted, left = _sorted_out(stand, tree, files)
    if not wanted:
        return Gathered(notes=tuple(_told_left(left)))
    repository = repository_of(tree.path)
    standing = stands(repository, stand.git)
    if repository is None or isinstance(standing, Stuck):
        return Gathered(problem=f"not committed, {standing.why if isinstance(standing, Stuck) else 'it is gone'}")
    return _committed(stand, tree, files, repository, standing, wanted, left, ok=ok)


def _committed(
    stand: Stand,
    tree: WorkTree,
    files: Files,
    repository: Repository,
    standing: Standing,
    wanted: Collection[str],
    left: Mapping[str, list[str]],
    *,
    ok: bool,
) -> Gathered:
    git, top = stand.git, repository.top
    foreign = foreign_filters(git, top, wanted)
    if foreign is None:
        return Gathered(problem="not committed, git cannot tell which of its settings run something")
    who = own_commit.identity_of(git, top, stand.origin.env)
    paths = [path for path in wanted if path not in foreign.paths]
    left = {**left, "only a filter of the repository's own settings could take it in": list(foreign.paths)}
    with Scratch("agent") as scratch:
        here = _Here(stand, repository, standing, who, _message(stand, repository, standing, paths, ok=ok), scratch)
        parent = _staged_first(here, set(files.staged).intersection(files.changed, paths))
        built = parent
        if not isinstance(parent, Stuck):
            at = parent.commit if parent is not None else standing.head
            built = (
                own_commit.build(repository, git, here.scratch, at, paths, here.message, who, foreign.settings)
                or parent
            )
        if isinstance(built, Stuck):
            return Gathered(problem=f"not committed, {visible_line(built.why)}")
        if built is None:
            return Gathered(notes=tuple(_told_left(left)))
        if why := _land(here, tree, built, paths):
            return Gathered(problem=f"not committed, {visible_line(why)}")
    notes = [*_told_left(left)]
    if not who.is_known:
        notes.append("git does not know who you are, so the commit is by coder <coder@localhost>.")
    return Gathered(built.commit, len(paths), tuple(notes))


def _staged_first(here: _Here, paths: set[str]) -> Built | Stuck | None:
    """A commit of what is staged, where that is not what lies on disk: neither is to be lost."""
    if not paths:
        return None
    top, git = here.repository.top, here.stand.git
    found = index_entries(git, top, paths)
    entries: dict[str, Entry | None] = {path: found[path].entry if path in found else None for path in paths}
    message = f"{wording.subject_of(here.message)} (as staged)\n"
    return own_commit.build_from(here.repository, git, here.scratch, here.standing.head, entries, message, here.who)


def _land(here: _Here, tree: WorkTree, built: Built, paths: Collection[str]) -> str:
    """Puts it onto the branch of the worktree, wherever HEAD is. Returns why it failed."""
    git, repository, standing = here.stand.git, here.repository, here.standing
    ref, was = standing.ref, standing.head
    if tree.own_branch and ref != BRANCHES + tree.own_branch:
        ref = BRANCHES + tree.own_branch
        was = commit_at(repository, git, ref)
        if was and not git.answer(repository.top, "merge-base", "--is-ancestor", was, standing.head).ok:
            return f"HEAD is on {wording.shown_branch(standing.ref)}, which does not have what {tree.own_branch} has"
    whole = Built(built.commit, built.parent, tree_entries_of(here, built.commit, paths))
    back = own_commit.index_before(repository, git, whole, ())
    put = {path: whole.entries[path] for path in back}
    reason = f"coder: agent {here.stand.id}"
    return own_commit.land(repository, git, standing, Landing(ref, built.commit, was, put, back, reason))


def tree_entries_of(here: _Here, commit: str, paths: Collection[str]) -> dict[str, Entry | None]:
    found = tree_entries(here.stand.git, here.repository.top, commit, paths)
    return {path: found.get(path) for path in paths}


def _message(stand: Stand, repository: Repository, standing: Standing, paths: Collection[str], *, ok: bool) -> str:
    was = tree_entries(stand.git, repository.top, standing.head, paths)
    letters = {
        path: ("M" if path in was else "A") if is_there(repository.top / path) else "D"
        for path in sorted(paths)
        if path in was or is_there(repository.top / path)
    }
    title = visible_line(stand.title) or f"work of agent {stand.id}"
    first = title if ok else f"{title} (unfinished)"
    trailers = "\n".join(filter(None, (f"Coder-Agent: {stand.id}", stand.origin.trailer())))
    return wording.message((first,), first, stand.origin.session_id, letters, trailers)


def _sorted_out(stand: Stand, tree: WorkTree, files: Files) -> tuple[list[str], dict[str, list[str]]]:
    """What is committed, and what is not by the reason."""
    inside = tuple(f"{name}/" for name in files.nested)
    masked = set(files.masked)
    links = _gitlinks(stand, tree, {*files.staged, *files.changed})
    own = repository_of(Path(os.path.realpath(stand.origin.cwd)))
    tops = (tree.path, *((own.top,) if own is not None else ()))
    wanted: list[str] = []
    left: dict[str, list[str]] = {}
    untracked = {*files.twins, *files.untracked} - files.ignored
    for name in dict.fromkeys((*files.staged, *files.changed, *sorted(untracked))):
        path = tree.path / name
        is_denied = stand.origin.denies(name, *tops)
        if why := "your rules deny reading it" if is_denied else _why_not(path, name in untracked):
            left.setdefault(why, []).append(name)
        elif name in masked or name in links or name in files.nested or name.startswith(inside):
            continue  # said with the reasons for which the worktree is kept
        else:
            wanted.append(name)
    return wanted, left


def _why_not(path: Path, is_new: bool) -> str:
    if looks_secret(path.name):
        return "looks like a secret by its name"
    try:
        facts = path.lstat()
    except OSError:
        return ""
    if stat.S_ISLNK(facts.st_mode):
        return ""
    if not stat.S_ISREG(facts.st_mode):
        return "" if not is_new and stat.S_ISDIR(facts.st_mode) else "is no ordinary file"
    if not os.access(path, os.R_OK):
        return "cannot be read"
    return "is too large" if is_new and facts.st_size > _LARGEST else ""


def _gitlinks(stand: Stand, tree: WorkTree, names: Collection[str]) -> set[str]:
    """Submodules among them, which nothing is committed of."""
    found = index_entries(stand.git, tree.path, names)
    known = tree_entries(stand.git, tree.path, "HEAD", names)
    every: Iterable[tuple[str, Entry]] = (*((path, each.entry) for path, each in found.items()), *known.items())
    return {path for path, entry in every if entry.mode == GITLINK}


def _told_left(left: Mapping[str, list[str]]) -> Iterator[str]:
    told = "; ".join(f"{wording.named(names)} ({why})" for why, names in left.items() if names)
    if told:
        yield f"Not committed: {told}."
