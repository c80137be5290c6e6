"""Every file in a work tree, and which of them would be lost with it. Runs git for reading only. Must not know commits.

It goes by what lies on disk, not by what git shows: ignored files, and those that git is told not to look at, count.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.scratch import Scratch
from coder.git import porcelain
from coder.git.call import Answer, Git
from coder.git.filters import ARGUMENTS, filters
from coder.git.unfit import ignored
from coder.git.worktrees.trees import Checkout, WorkTree

SECONDS = 120.0
_MOST = 400_000_000
_CHUNK = 1 << 20
_CACHES = frozenset({".mypy_cache", ".pytest_cache", ".ruff_cache"})
_BYTECODE = re.compile(r".*\.(?:cpython|pypy)-?\d+(?:\.[\w-]+)?\.pyc\Z")
_LINK = "160000"
_STRICT = (
    "core.trustctime=true",
    "core.checkStat=default",
    "submodule.recurse=false",
    *(("core.ignoreCase=false",) if sys.platform.startswith("linux") else ()),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was: it may be removed only while it still is that."""

    name: str
    mark: tuple[int, int, int, int]
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Files:
    """`every` is all there is but `.git`, `folders` the deepest first. The rest are names: `staged` and `changed` of
    tracked files, `untracked` (`ignored` is a part of it), `nested` repositories, `masked` ones that git is told not to
    look at. `twins` are untracked, not ignored, and just so in the main checkout as well, so not at stake. `problem`:
    it cannot be told."""

    every: tuple[Seen, ...] = ()
    folders: tuple[str, ...] = ()
    staged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: frozenset[str] = field(default_factory=frozenset)
    nested: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    problem: str = ""

    @property
    def at_stake(self) -> tuple[str, ...]:
        """The files on disk that are nowhere else as they are."""
        inside = tuple(f"{name}/" for name in self.nested)
        named = {*self.staged, *self.changed, *self.untracked, *self.masked}
        return tuple(seen.name for seen in self.every if seen.name in named or seen.name.startswith(inside))


def files_of(git: Git, main: Checkout, tree: WorkTree) -> Files:
    """Blocks."""
    env = place_of(tree)
    quiet = filters(git.answer(tree.path, *ARGUMENTS, env=env))
    if quiet.problem:
        return Files(problem=quiet.problem)
    listed = git.answer(tree.path, "ls-files", "-s", "-v", "-z", "--full-name", seconds=SECONDS, env=env, most=_MOST)
    status = _status(git, tree, env, quiet.settings)
    if not (listed.ok and status.ok):
        return Files(problem=(listed.problem or status.problem or "git status fails"))
    read = _read_anew(git, tree, env, quiet.settings, listed.out)
    if not read.ok:
        return Files(problem=read.problem or "git cannot compare the files")
    try:
        every, folders, nested = _walked(tree.path)
    except OSError as error:
        return Files(problem=f"{error.filename} cannot be read: {error.strerror}")
    tracked, masked = _tracked(listed.out)
    on_disk = {seen.name for seen in every}
    staged, changed = _changes(status.out)
    absent = {name for name in masked if name not in on_disk}
    changed = tuple(dict.fromkeys((*changed, *(name for name in _changes(read.out)[1] if name not in absent))))
    unknown = [seen for seen in every if seen.name not in tracked and not _is_cache(seen, tree.path)]
    twins = [seen for seen in unknown if _is_same(tree.path / seen.name, main.top / seen.name, seen)]
    same = {seen.name for seen in twins}
    untracked = tuple(seen.name for seen in unknown if seen.name not in same)
    skipped = ignored(git, tree.path, [seen.name for seen in unknown], env, SECONDS) or frozenset()
    return Files(
        every,
        folders,
        staged,
        changed,
        untracked,
        skipped.intersection(untracked),
        nested,
        tuple(name for name in masked if name in on_disk),
        tuple(seen.name for seen in twins if seen.is_plain and seen.name not in skipped),
    )


def _status(git: Git, tree: WorkTree, env: Mapping[str, str], settings: tuple[str, ...]) -> Answer:
    what = ("--porcelain=v2", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=dirty")
    given = (*_STRICT, *settings)
    return git.answer(tree.path, "status", *what, seconds=SECONDS, env=env, most=_MOST, settings=given)


def _read_anew(git: Git, tree: WorkTree, env: Mapping[str, str], settings: tuple[str, ...], listed: bytes) -> Answer:
    """The status by content alone: an index that knows no sizes and times, which can be set to what they were."""
    rows = (row.partition(b" ")[2] for row in listed.split(b"\0"))
    given = b"".join(row + b"\0" for row in rows if row)
    with Scratch("index") as folder:
        fresh = {**env, "GIT_INDEX_FILE": str(folder / "index")}
        made = git.answer(tree.path, "update-index", "-z", "--index-info", stdin=given, env=fresh, seconds=SECONDS)
        return _status(git, tree, fresh, settings) if made.ok else made


def staged_alone(git: Git, main: Checkout, tree: WorkTree) -> Files:
    """What is staged in a work tree whose folder is gone. Blocks."""
    what = ("--cached", "--name-only", "--no-ext-diff", "--no-renames", "--ignore-submodules=all", "-z", "HEAD", "--")
    env = {"GIT_DIR": str(tree.admin), "GIT_WORK_TREE": str(main.top)}
    answer = git.answer(main.top, "diff-index", *what, env=env, seconds=SECONDS, most=_MOST)
    if not answer.ok:
        return Files(problem=answer.problem or "git diff-index fails")
    return Files(staged=tuple(filter(None, os.fsdecode(answer.out).split("\0"))))


def place_of(tree: WorkTree) -> Mapping[str, str]:
    """Variables that have git look at this work tree, whatever `core.worktree` or its `.git` file say."""
    return {"GIT_DIR": str(tree.admin), "GIT_WORK_TREE": str(tree.path)}


def mark_of(facts: os.stat_result) -> tuple[int, int, int, int]:
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_mode)


def _walked(top: Path) -> tuple[tuple[Seen, ...], tuple[str, ...], tuple[str, ...]]:
    """All files, all folders with the deepest first, and the repositories inside. Follows no link. Raises OSError."""
    every: list[Seen] = []
    folders: list[str] = []
    nested: list[str] = []
    waiting = [""]
    while waiting:
        at = waiting.pop()
        with os.scandir(top / at) as entries:
            for entry in entries:
                name = f"{at}/{entry.name}" if at else entry.name
                if name == ".git":
                    continue
                if entry.name == ".git":
                    nested.append(at)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                    waiting.append(name)
                else:
                    facts = entry.stat(follow_symlinks=False)
                    every.append(Seen(name, mark_of(facts), stat.S_ISREG(facts.st_mode)))
    folders.sort(key=lambda name: name.count("/"), reverse=True)
    return tuple(sorted(every, key=lambda seen: seen.name)), tuple(folders), tuple(sorted(nested))


def _tracked(listed: bytes) -> tuple[set[str], list[str]]:
    """The names git knows, and those of them it is told not to look at."""
    tracked: set[str] = set()
    masked: list[str] = []
    for record in os.fsdecode(listed).split("\0"):
        head, _, name = record.partition("\t")
        tag, _, facts = head.partition(" ")
        if not name:
            continue
        if not facts.startswith(_LINK):
            tracked.add(name)
        if tag == "S" or tag.islower():
            masked.append(name)
    return tracked, masked


def _changes(status: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    changes = porcelain.parse(status).changes
    staged = tuple(each.path for each in changes if each.is_staged or each.is_conflict)
    return staged, tuple(each.path for each in changes if each.is_unstaged or each.is_conflict)


def _is_cache(seen: Seen, top: Path) -> bool:
    """Whether tools make it again."""
    parts = seen.name.split("/")
    if not seen.is_plain:
        return False
    if len(parts) > 1 and parts[-2] == "__pycache__" and _BYTECODE.match(parts[-1]):
        return True
    return any(
        part in _CACHES and (top.joinpath(*parts[: at + 1]) / "CACHEDIR.TAG").is_file()
        for at, part in enumerate(parts[:-1])
    )


def _is_same(here: Path, there: Path, seen: Seen) -> bool:
    """Whether the main checkout has the very same."""
    try:
        if stat.S_ISLNK(seen.mark[3]):
            return str(here.readlink()) == str(there) or (there.is_symlink() and here.readlink() == there.readlink())
        facts = there.lstat()
        if not (seen.is_plain and stat.S_ISREG(facts.st_mode)) or facts.st_size != seen.mark[1]:
            return False
        if (facts.st_mode ^ seen.mark[3]) & 0o111 or os.path.realpath(there.parent) != str(there.parent):
            return False
        return all(one == other for one, other in zip(_chunks(here), _chunks(there), strict=True))
    except (OSError, ValueError):
        return False


def _chunks(path: Path) -> Iterator[bytes]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        while data := file.read(_CHUNK):
            yield data
