"""What a repository's names point at, HEAD, branches, the stash, work trees, and what is under way: from its files.

Runs no git where the refs are files. Cheap when asked again: a folder of refs is read anew only when its times differ,
for git puts every ref in place by a rename. Must not know who asks, or what moved them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.git.call import Git
from coder.git.hashes import HASH
from coder.git.progress import under_way
from coder.git.repository import Repository
from coder.git.stashes import stashes_of

Kind: TypeAlias = Literal["head", "on", "branch", "stash", "doing", "worktree"]
"""`head` the commit, `on` the branch that is checked out, `stash` an entry by its commit, `doing` such as a rebase."""
Names: TypeAlias = Mapping[tuple[Kind, str], str]
_Stamp: TypeAlias = tuple[int, ...]

_HEADS = "refs/heads/"
_PACKED = re.compile(rb"^([0-9a-f]{40}|[0-9a-f]{64}) refs/heads/([^\n]+)$", re.MULTILINE)
_MOST_REF = 4096
_MOST_PACKED = 64_000_000
_MOST_BRANCHES = 50_000
_MOST_WORKTREES = 200
_DEEPEST = 32
_RACY = 20_000_000  # ns in which a second change may leave the same times


@dataclass(frozen=True, slots=True)
class RefMove:
    """A name of a repository, and what it was and is; "" where it was or is not there. A `stash` has the message, a
    `worktree` its branch or commit, by its path."""

    kind: Kind
    name: str
    before: str
    after: str


def moved(before: Names, after: Names) -> tuple[RefMove, ...]:
    """What differs, HEAD first."""
    if before is after:
        return ()
    keys = [key for key, value in after.items() if before.get(key, "") != value]
    keys += [key for key in before if key not in after]
    moves = (RefMove(*key, before.get(key, ""), after.get(key, "")) for key in keys)
    return tuple(sorted(moves, key=lambda each: (_ORDER.index(each.kind), each.name)))


_ORDER: tuple[Kind, ...] = ("head", "on", "branch", "stash", "doing", "worktree")


@dataclass(slots=True)
class _Folder:
    stamp: _Stamp
    refs: dict[str, str] = field(default_factory=dict)
    below: list[str] = field(default_factory=list)


class RefReader:
    """The refs of one repository, looked at again and again. Nothing here raises."""

    def __init__(self, repository: Repository, git: Git) -> None:
        self.repository = repository
        self._git = git
        self._packed: tuple[_Stamp, dict[str, str]] = ((), {})
        self._stash: tuple[_Stamp, dict[str, str]] = ((), {})
        self._tables: tuple[_Stamp, Names | None] = ((), None)
        self._folders: dict[str, _Folder] = {}
        self._loose: dict[str, str] = {}
        self._parts: tuple[object, ...] = ()
        self._last: dict[tuple[Kind, str], str] = {}

    def look(self) -> Names | None:
        """None where it cannot be told. The very same object as the last time when nothing moved."""
        if (self.repository.shared / "reftable").is_dir():
            return self._asked()
        head = _text(self.repository.folder / "HEAD")
        if head is None:
            return None
        packed, loose, stash = self._read_packed(), self._read_loose(), self._read_stash()
        on, at = _resolved(head, packed, self.repository.shared)
        rest = (on, at, self._doing(), self._worktrees())
        parts = (packed, loose, stash, *rest)
        if not self._parts or any(old != new for old, new in zip(self._parts, parts, strict=True)):
            self._parts = parts
            current = {on: at} if on and at and not on.startswith("refs/") else {}
            self._last = _names({**packed, **loose, **current}, stash, *rest)
        return self._last

    def _read_packed(self) -> dict[str, str]:
        file = self.repository.shared / "packed-refs"
        stamp = _stamp(file)
        if stamp != self._packed[0]:
            found = _PACKED.findall(_bytes(file, _MOST_PACKED)) if stamp else []
            self._packed = (stamp, {_named(name): oid.decode("ascii") for oid, name in found[:_MOST_BRANCHES]})
        return self._packed[1]

    def _read_stash(self) -> dict[str, str]:
        """The entries by their commits, the oldest first."""
        file = self.repository.shared / "logs" / "refs" / "stash"
        stamp = _stamp(file)
        if stamp != self._stash[0]:
            found = reversed(stashes_of(self.repository)) if stamp else ()
            self._stash = (stamp, {each.commit: each.message or "stash" for each in found})
        return self._stash[1]

    def _read_loose(self) -> dict[str, str]:
        same = bool(self._folders)
        seen: dict[str, _Folder] = {}
        prefixes: dict[str, str] = {}
        for place, prefix in _walked(str(self.repository.shared / "refs" / "heads"), seen):
            stamp = _stamp(Path(place))
            known = self._folders.get(place)
            if known is None or known.stamp != stamp:
                known, same = _listed(place, stamp), False
            seen[place], prefixes[place] = known, prefix
        if not same or len(seen) != len(self._folders):
            self._folders = seen
            self._loose = {prefixes[at] + name: oid for at, each in seen.items() for name, oid in each.refs.items()}
        return self._loose

    def _doing(self) -> str:
        return under_way(self.repository.folder)

    def _worktrees(self) -> dict[str, str]:
        """The linked ones, by where they are."""
        found: dict[str, str] = {}
        with suppress(OSError):
            for place in sorted((self.repository.shared / "worktrees").iterdir())[:_MOST_WORKTREES]:
                pointer, head = _text(place / "gitdir"), _text(place / "HEAD")
                if pointer and head and place != self.repository.folder:
                    found[pointer.removesuffix("/.git")] = _short(head.removeprefix("ref: "))
        return found

    def _asked(self) -> Names | None:
        """Where refs are kept in tables: by git, when the tables are others than the last time."""
        own, shared = (each / "reftable" / "tables.list" for each in (self.repository.folder, self.repository.shared))
        doing = self._doing()
        stamp = (*_stamp(own), *_stamp(shared), hash(doing))
        if stamp != self._tables[0] or self._tables[1] is None:
            self._tables = (stamp, names_by_git(self.repository, self._git, doing))
        return self._tables[1]


def names_by_git(repository: Repository, git: Git, doing: str = "") -> Names | None:
    """The same by asking git, which knows every way refs can be kept. `doing` is what is under way, which it does not
    say."""
    top = repository.top
    listed = git.run(top, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", most=_MOST_PACKED)
    if listed is None:
        return None
    branches = {_named(name): oid.decode("ascii") for oid, name in _PACKED.findall(listed)[:_MOST_BRANCHES]}
    on = (git.run(top, "symbolic-ref", "-q", "HEAD") or b"").decode("utf-8", "surrogateescape").strip()
    at = (git.run(top, "rev-parse", "-q", "--verify", "HEAD") or b"").decode("ascii", "replace").strip()
    stash = git.run(top, "stash", "list", "--format=%H %gs") or b""
    lines = [line.partition(b" ") for line in reversed(stash.splitlines())]
    stashes = {oid.decode("ascii", "replace"): _named(text) for oid, _, text in lines}
    return _names(branches, stashes, _short(on), at, doing)


def _names(
    branches: Mapping[str, str],
    stash: Mapping[str, str],
    on: str,
    at: str,
    doing: str = "",
    worktrees: Mapping[str, str] | None = None,
) -> dict[tuple[Kind, str], str]:
    found: dict[tuple[Kind, str], str] = {("branch", name): oid for name, oid in branches.items()}
    found |= {("stash", oid): text for oid, text in stash.items()}
    found |= {("worktree", path): head for path, head in (worktrees or {}).items()}
    single: tuple[tuple[Kind, str], ...] = (("head", at), ("on", on), ("doing", doing))
    return found | {(kind, ""): value for kind, value in single if value}


def _resolved(head: str, packed: Mapping[str, str], shared: Path) -> tuple[str, str]:
    """The branch that is checked out, "" for none, and the commit. Its own file is read each time."""
    if not head.startswith("ref: "):
        return "", head if HASH.match(head) else ""
    full = head.removeprefix("ref: ")
    name = _short(full)
    if not full.startswith("refs/") or ".." in full:
        return name, ""
    own = _text(shared / full)
    return name, own if own is not None and HASH.match(own) else packed.get(name, "")


def _walked(top: str, seen: Mapping[str, _Folder]) -> Iterator[tuple[str, str]]:
    """Each folder with what its refs begin with; whoever iterates puts it into `seen` before it goes on."""
    waiting = [(top, "", 0)]
    while waiting:
        place, prefix, depth = waiting.pop()
        yield place, prefix
        if depth < _DEEPEST:
            waiting += [(f"{place}/{name}", f"{prefix}{name}/", depth + 1) for name in seen[place].below]


def _listed(place: str, stamp: _Stamp) -> _Folder:
    found = _Folder(stamp)
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found.below.append(entry.name)
            elif not entry.name.endswith(".lock") and len(found.refs) < _MOST_BRANCHES:
                oid = _text(Path(entry.path))
                if oid is not None and HASH.match(oid):
                    found.refs[entry.name] = oid
    return found


def _stamp(path: Path) -> _Stamp:
    """Tells one state from another; () when it cannot: nothing is there, or it changed just now."""
    try:
        status = path.stat()
    except OSError:
        return ()
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if time.time_ns() - newest < (_RACY if newest % 1_000_000_000 else 2_000_000_000):
        return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, time.monotonic_ns())
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _text(path: Path) -> str | None:
    """A ref's file; None when it is none."""
    try:
        return read_ordinary(path, _MOST_REF).decode("utf-8", "surrogateescape").strip()
    except (OSError, ValueError):
        return None


def _bytes(path: Path, most: int) -> bytes:
    try:
        return read_ordinary(path, most)
    except (OSError, ValueError):
        return b""


def _named(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _short(ref: str) -> str:
    return ref.removeprefix(_HEADS)
