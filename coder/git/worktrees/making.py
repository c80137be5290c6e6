"""Makes a work tree of coder's: a folder, a branch, the files in it. Nothing of the repository is run. Must not know
sessions or settings files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.git.call import Answer, Git
from coder.git.filters import ARGUMENTS, filters
from coder.git.repository import repository_of
from coder.git.worktrees.trees import BRANCH, LOCKED_BY_US, Checkout, WorkTree, at_path, branch_at, write_note

_SECONDS = 600.0  # a checkout of a large repository takes its time
EXCLUDED = "/.claude/worktrees/"
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """`base` is what the branch begins at: a ref, "" or "head" for HEAD of `origin`, "fresh" for the remote's default
    branch. `sparse` are the folders that are checked out; none: all. `origin` is where the person stands. `branch` is
    what its branch is called, "": by its name. `more` goes into the note that is written of it."""

    name: str
    origin: Path
    base: str = ""
    sparse: tuple[str, ...] = ()
    branch: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


def check_place(main: Checkout, name: str) -> Path:
    """Where the work tree is or comes to be. Raises ConfigError where a link leads elsewhere."""
    for place in (main.top / ".claude", main.folder, main.folder / name):
        try:
            mode = place.lstat().st_mode
        except OSError:
            continue
        if not stat.S_ISDIR(mode):
            what = "a symbolic link" if stat.S_ISLNK(mode) else "no folder"
            raise ConfigError(f"{place} is {what}, so no worktree is made below it. Remove it, or rename it.")
    return main.folder / name


def made(git: Git, main: Checkout, wish: Wish) -> tuple[WorkTree, tuple[str, ...]]:
    """The work tree, and lines for people. Blocks. Raises ConfigError; what was begun then is left as it is."""
    path = check_place(main, wish.name)
    if os.path.lexists(path):
        raise ConfigError(f"{path} is there and no worktree of this repository. Take another name, or move it away.")
    start, notes = _start(git, main, wish)
    _check_missing(main, wish.name, path)
    said = excluded(git, main)
    _make_folders(path.parent)
    branch = wish.branch or f"{BRANCH}{wish.name}"
    exists = git.answer(main.top, "rev-parse", "-q", "--verify", f"refs/heads/{branch}^{{commit}}").ok
    where = (str(path), branch) if exists else ("--no-track", "-b", branch, str(path), start)
    _must(git.answer(main.top, "worktree", "add", "-q", "--no-checkout", *where, seconds=_SECONDS), wish.name)
    tree = at_path(main, path)
    if tree is None:
        raise ConfigError(f"git made no worktree at {path}, though it said so. Look at: git worktree list")
    _fill(git, tree, wish)
    write_note(tree, _note(wish, branch, start))
    notes += (f"It goes on with the branch {branch}, which was there.",) if exists else ()
    return at_path(main, path) or tree, (*notes, *said)


def _note(wish: Wish, branch: str, start: str) -> dict[str, str]:
    own = repository_of(wish.origin)
    return {
        **wish.more,
        "name": wish.name,
        "branch": branch,
        "base": start,
        "original_cwd": str(wish.origin),
        "original_branch": branch_at(own.folder) if own is not None else "",
    }


def _start(git: Git, main: Checkout, wish: Wish) -> tuple[str, tuple[str, ...]]:
    """The commit to begin at. Raises ConfigError."""
    if (git.run(main.top, "rev-parse", "--is-bare-repository") or b"").strip() == b"true":
        raise ConfigError(f"{main.shared} is a bare repository, without files to work on. Clone it, and start there.")
    head = git.answer(wish.origin, "rev-parse", "-q", "--verify", "HEAD^{commit}")
    if head.code is None or (head.problem and not head.ok):
        raise ConfigError(f"git cannot read {main.top}: {visible_line(head.problem)}.")
    base = wish.base
    if base == "fresh":
        fresh = git.answer(wish.origin, "rev-parse", "-q", "--verify", "refs/remotes/origin/HEAD^{commit}")
        if fresh.ok:
            return fresh.text.strip(), ()
        if head.ok:
            return head.text.strip(), ("The remote has no known default branch, so it begins at HEAD.",)
    elif base not in ("", "head"):
        named = git.answer(wish.origin, "rev-parse", "-q", "--verify", "--end-of-options", f"{base}^{{commit}}")
        if not named.ok:
            raise ConfigError(
                f"worktree.baseRef names {visible_line(base)!r}, which is no commit here. Use head, fresh or a branch."
            )
        return named.text.strip().splitlines()[-1], ()
    if not head.ok:
        raise ConfigError(f"{main.top} has no commit yet to begin a worktree at. Commit first: git commit")
    return head.text.strip(), ()


def _check_missing(main: Checkout, name: str, path: Path) -> None:
    if at_path(main, path) is not None:
        raise ConfigError(
            f"the folder of worktree {name} is gone, but git still knows it. Forget it: coder worktree remove {name}"
        )


def _fill(git: Git, tree: WorkTree, wish: Wish) -> None:
    """Checks the files out, through no filter and no hook of the repository's."""
    quiet = filters(git.answer(tree.path, *ARGUMENTS))
    if quiet.problem:
        raise ConfigError(f"nothing is checked out in {tree.path}: {visible_line(quiet.problem)}.")
    if wish.sparse:
        wanted = "".join(f"{folder}\n" for folder in wish.sparse).encode("utf-8", "surrogateescape")
        arguments = ("sparse-checkout", "set", "--cone", "--stdin")
        _must(git.answer(tree.path, *arguments, stdin=wanted, seconds=_SECONDS, settings=quiet.settings), wish.name)
    arguments = ("reset", "--hard", "-q", "--no-recurse-submodules")
    _must(git.answer(tree.path, *arguments, seconds=_SECONDS, settings=quiet.settings), wish.name)


def refill(git: Git, tree: WorkTree) -> None:
    """Brings back the files that are missing, and touches none that is there. Raises ConfigError."""
    quiet = filters(git.answer(tree.path, *ARGUMENTS))
    if quiet.problem:
        raise ConfigError(f"nothing is checked out in {tree.path}: {visible_line(quiet.problem)}.")
    missing = git.answer(tree.path, "ls-files", "--deleted", "-z", seconds=_SECONDS)
    _must(missing, tree.name)
    arguments = ("checkout-index", "-u", "-q", "-z", "--stdin")
    _must(git.answer(tree.path, *arguments, stdin=missing.out, seconds=_SECONDS, settings=quiet.settings), tree.name)


def _must(answer: Answer, name: str) -> None:
    if not answer.ok:
        said = visible_line(answer.problem).rstrip(".") or "git does not say why"
        raise ConfigError(f"worktree {name} cannot be made: {said}. Look at: git worktree list")


def _make_folders(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}. Check who may write there.") from error


def excluded(git: Git, main: Checkout) -> tuple[str, ...]:
    """Keeps the work trees out of the status of the main checkout; what was done, when it was not so before."""
    if git.answer(main.top, "check-ignore", "-q", "--no-index", "--", ".claude/worktrees/x").ok:
        return ()
    if add_exclude(main, EXCLUDED):
        return (f"{EXCLUDED} is in .git/info/exclude now, so that git status leaves worktrees out.",)
    return (f"git status shows {EXCLUDED}: .git/info/exclude cannot be written.",)


def add_exclude(main: Checkout, line: str) -> bool:
    """Adds a line to the ignore file of this clone alone. Never raises, follows no link."""
    info = main.shared / "info"
    try:
        if info.is_symlink():
            return False
        info.mkdir(exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(info / "exclude", flags, 0o644)
        with os.fdopen(fd, "r+b", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return False
            held = file.read(_MOST) or b""
            if line.encode() not in held.splitlines():
                file.write(b"\n" * (not held.endswith(b"\n") and bool(held)) + line.encode() + b"\n")
            return True
    except (OSError, ValueError):
        return False


def lock(git: Git, main: Checkout, tree: WorkTree, session: str) -> None:
    """Has git leave it alone while this process works there. One that somebody else has locked stays as it is."""
    if tree.is_locked_by_others:
        return
    if tree.lock is not None:
        git.answer(main.top, "worktree", "unlock", str(tree.path))
    who = f"{LOCKED_BY_US} {session} pid {os.getpid()}" if session else f"{LOCKED_BY_US} pid {os.getpid()}"
    git.answer(main.top, "worktree", "lock", "--reason", who, str(tree.path))


def unlock(git: Git, main: Checkout, tree: WorkTree) -> None:
    """Takes our own lock away."""
    now = at_path(main, tree.path)
    if now is not None and now.lock is not None and not now.is_locked_by_others:
        git.answer(main.top, "worktree", "unlock", str(tree.path))
