"""The work trees that coder makes: where they lie, what they are called, whose they are. Reads files and runs nothing.

`.claude/worktrees/NAME` below the main checkout, on the branch `worktree-NAME`. Must not know sessions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.git.repository import Repository, repository_of

BRANCH = "worktree-"
LOCKED_BY_US = "coder session"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_REF = "ref: refs/heads/"
_MOST = 1_000_000  # bytes of a file of git's, or of our note
_TREES = 1_000
_NOTE = "coder.json"


@dataclass(frozen=True, slots=True)
class Checkout:
    """The main checkout of a repository, and the git folder that all its work trees share."""

    top: Path
    shared: Path

    @property
    def folder(self) -> Path:
        """What our work trees lie in."""
        return self.top / ".claude" / "worktrees"


@dataclass(frozen=True, slots=True)
class WorkTree:
    """`admin` is the folder of git's that belongs to it. `branch` is "" when none is checked out, `lock` why git is to
    leave it alone (None: it is not). `note` is what coder wrote down when it made it; empty for one that others made.
    """

    name: str
    path: Path
    admin: Path
    branch: str
    lock: str | None
    note: Mapping[str, Any]

    @property
    def is_there(self) -> bool:
        return os.path.lexists(self.path)

    @property
    def is_sound(self) -> bool:
        """Whether the folder is the one git means: each names the other."""
        found = repository_of(self.path)
        return (
            found is not None
            and os.path.realpath(found.top) == os.path.realpath(self.path)
            and os.path.realpath(found.folder) == os.path.realpath(self.admin)
        )

    @property
    def is_ours(self) -> bool:
        return bool(self.note)

    @property
    def is_locked_by_others(self) -> bool:
        return self.lock is not None and not self.lock.startswith(LOCKED_BY_US)

    @property
    def told(self) -> dict[str, str] | None:
        """What programs are told of one that coder made, and of where the person came from."""
        if not self.is_ours:
            return None
        came_from = {key: str(self.note.get(key) or "") for key in ("original_cwd", "original_branch")}
        known = {"name": self.name, "path": str(self.path), "branch": self.branch, **came_from}
        return {key: value for key, value in known.items() if value}

    @property
    def own_branch(self) -> str:
        """The branch that coder made for it."""
        return str(self.note.get("branch") or "")


def check_name(name: str) -> str:
    """The name. Raises ConfigError for one that is no folder and no branch everywhere."""
    if _NAME.match(name) and ".." not in name and not name.endswith((".", ".lock")):
        return name
    shown = visible_line(name)
    shown = repr(shown if len(shown) <= 40 else f"{shown[:39]}…")
    raise ConfigError(
        f"{shown} cannot be the name of a worktree: up to 64 letters, digits, `.`, `_` and `-` of ASCII, beginning "
        "with a letter or digit. A prompt has to stand before -w."
    )


def main_checkout(folder: Path) -> Checkout:
    """That of the repository which `folder` lies in, also from one of its work trees. Raises ConfigError."""
    real = Path(os.path.realpath(folder))
    found = repository_of(real)
    if found is None:
        if (real / "HEAD").is_file() and (real / "objects").is_dir():
            raise ConfigError(f"{real} is a bare repository, without files to work on. Clone it, and start there.")
        raise ConfigError(f"{real} is in no git repository, so it has no worktrees. Make one: git init")
    if found.folder == found.shared:
        return Checkout(found.top, found.shared)
    if not _is_mutual(found):
        raise ConfigError(
            f"{found.top}/.git names {found.folder}, which knows nothing of this folder. If it was moved, "
            "git worktree repair helps."
        )
    top = found.shared.parent
    here = repository_of(top)
    if found.shared.name != ".git" or here is None or here.folder != found.shared:
        raise ConfigError(
            f"the repository of {found.top} has no main checkout to make a worktree from ({found.shared} stands alone)."
        )
    return Checkout(top, found.shared)


def worktrees(main: Checkout) -> list[WorkTree]:
    """All that git knows of but the main checkout, by path."""
    try:
        admins = sorted((main.shared / "worktrees").iterdir())[:_TREES]
    except OSError:
        return []
    return sorted((tree for admin in admins if (tree := _read(admin)) is not None), key=lambda tree: tree.path)


def ours(main: Checkout) -> list[WorkTree]:
    """Those that coder made, and those that lie where coder makes them."""
    folder = os.path.realpath(main.folder)
    return [tree for tree in worktrees(main) if tree.is_ours or os.path.realpath(tree.path.parent) == folder]


def named(main: Checkout, name: str) -> WorkTree | None:
    """One of ours."""
    return next((tree for tree in ours(main) if tree.name == name), None)


def worktree_of(folder: Path) -> WorkTree | None:
    """The linked work tree that a folder lies in; None in a main checkout, and where the two do not name each other."""
    found = repository_of(Path(os.path.realpath(folder)))
    if found is None or found.folder == found.shared or not _is_mutual(found):
        return None
    return _read(found.folder)


def at_path(main: Checkout, path: Path) -> WorkTree | None:
    real = os.path.realpath(path)
    return next((tree for tree in worktrees(main) if os.path.realpath(tree.path) == real), None)


def branch_at(admin: Path) -> str:
    """The branch that HEAD of a git folder is on; "" for none."""
    head = _line(admin / "HEAD")
    return head.removeprefix(_REF) if head.startswith(_REF) else ""


def write_note(tree: WorkTree, note: Mapping[str, Any]) -> None:
    """Writes down that a work tree is ours, where git forgets it together with the tree. Raises OSError."""
    fd = os.open(tree.admin / _NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        json.dump(dict(note), file)


def _is_mutual(found: Repository) -> bool:
    """Whether a linked work tree is the one that its git folder names, and no folder that pretends to be."""
    named = _line(found.folder / "gitdir")
    return bool(named) and os.path.realpath(found.folder / named) == os.path.realpath(found.top / ".git")


def _read(admin: Path) -> WorkTree | None:
    pointed = _line(admin / "gitdir")
    if not pointed:
        return None
    path = Path(os.path.normpath(admin / pointed)).parent
    lock = _line(admin / "locked") if os.path.lexists(admin / "locked") else None
    note = _note(admin / _NOTE)
    name = str(note.get("name") or path.name)
    return WorkTree(name, path, admin, branch_at(admin), lock, note)


def _note(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read_ordinary(file, _MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(file: Path) -> str:
    try:
        return read_ordinary(file, _MOST).split(b"\n")[0].decode("utf-8", "surrogateescape").strip()
    except (OSError, ValueError):
        return ""


def free_names(main: Checkout, candidates: Iterator[str]) -> Iterator[str]:
    """Those of the candidates that neither a folder nor a branch has; packed branches are left to git."""
    heads = main.shared / "refs" / "heads"
    for name in candidates:
        if not (os.path.lexists(main.folder / name) or os.path.lexists(heads / f"{BRANCH}{name}")):
            yield name
