"""What is in a work tree, and why it is kept: everything that cannot be proved to be elsewhere. Must not know how it is
removed, or who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.progress import under_way
from coder.git.worktrees.commits import Commits, commits_of
from coder.git.worktrees.files import Files, files_of, staged_alone
from coder.git.worktrees.tenancy import is_inhabited, processes_in
from coder.git.worktrees.trees import Checkout, WorkTree

_NAMED = 3


@dataclass(frozen=True, slots=True)
class State:
    """`busy` is why nobody may remove it now, `holds` what would be lost, `unknown` what cannot be told."""

    files: Files
    commits: Commits
    busy: tuple[str, ...]
    holds: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    is_live: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        return (*self.busy, *self.unknown, *self.holds)

    @property
    def is_empty(self) -> bool:
        return not self.reasons


def state_of(git: Git, main: Checkout, tree: WorkTree, *, keeps_branch: bool = False) -> State:
    """With `keeps_branch` what its branch leads to is not at stake. Blocks; never raises."""
    is_live = is_inhabited(tree.admin)
    busy = tuple(_busy(tree, is_live=is_live))
    commits = commits_of(git, main, tree, keeps_branch=keeps_branch)
    if not tree.is_there:
        files = staged_alone(git, main, tree)
        told_of = _told(files.problem, commits.problem)
        return State(files, commits, busy, tuple(_held(files, commits, tree)), told_of, is_live)
    if not tree.is_sound:
        told = f"{tree.path} is no longer the folder that git knows"
        return State(Files(), commits, busy, tuple(_held(Files(), commits, tree)), _told(told), is_live)
    files = files_of(git, main, tree)
    told_of = _told(files.problem, commits.problem)
    return State(files, commits, busy, tuple(_held(files, commits, tree)), told_of, is_live)


def _told(*problems: str) -> tuple[str, ...]:
    return tuple(visible_line(problem) for problem in problems if problem)


def _busy(tree: WorkTree, *, is_live: bool) -> Iterator[str]:
    if tree.is_locked_by_others:
        said = f": {visible_line(tree.lock or '')}" if tree.lock else ""
        yield f"it is locked{said}"
    if is_live:
        yield "another session works there"
    elif standing := processes_in(tree.path):
        number, name = standing[0]
        more = f" and {len(standing) - 1} more" if len(standing) > 1 else ""
        yield f"process {number} ({visible_line(name)}){more} works there"


def _held(files: Files, commits: Commits, tree: WorkTree) -> Iterator[str]:
    if commits.lost:
        count = len(commits.lost)
        yield f"{count} commit{'' if count == 1 else 's'} that no other branch, remote or tag has"
    ignored = [name for name in files.untracked if name in files.ignored]
    fresh = [name for name in files.untracked if name not in files.ignored]
    kinds: tuple[tuple[str, Sequence[str]], ...] = (
        ("staged", files.staged),
        ("changed", files.changed),
        ("untracked", fresh),
        ("ignored", ignored),
        ("hidden from git status", files.masked),
    )
    for word, names in kinds:
        if names:
            yield counted(word, names)
    if files.nested:
        yield f"a repository inside ({_named(files.nested)})"
    if (tree.admin / "modules").exists():
        yield "submodules that are checked out"
    if commits.stashes:
        yield f"{commits.stashes} stash{'' if commits.stashes == 1 else 'es'} made on its branch"
    if doing := under_way(tree.admin):
        yield f"{doing} under way"


def counted(word: str, names: Sequence[str]) -> str:
    what = f"{len(names)} {word} file{'' if len(names) == 1 else 's'}"
    if word.startswith("hidden"):
        what = f"{len(names)} file{'' if len(names) == 1 else 's'} {word}"
    return f"{what} ({_named(names)})"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(visible_line(name) for name in names[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown
