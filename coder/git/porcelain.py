"""Reads what `git status --porcelain=v2 -z --branch --show-stash` prints. Runs nothing; knows no prompts or screens."""

from __future__ import annotations

import os
from collections.abc import Iterator

from coder.core.dataclass import dataclass

ARGUMENTS = ("status", "--porcelain=v2", "-z", "--branch", "--show-stash", "--ignore-submodules=dirty")
"""What to ask git for. Add `--untracked-files=…`, and what is safe about content filters."""

_FIELDS = {b"1": 8, b"2": 9, b"u": 10}  # how many fields stand before the path


@dataclass(frozen=True, slots=True)
class Change:
    """One path that is not as in the last commit, or not known to git. `path` is below the top of the work tree, as
    `os.fsdecode` gives it; an untracked or ignored folder ends in "/". `staged` and `unstaged` are git's letters for
    the index and the work tree: "M", "A", "D", "R", "C", "T", "U", "?", "!", or "" for none. `was` is where a renamed
    or copied one comes from."""

    path: str
    staged: str = ""
    unstaged: str = ""
    was: str = ""
    is_conflict: bool = False
    is_submodule: bool = False

    @property
    def is_untracked(self) -> bool:
        return self.unstaged == "?"

    @property
    def is_ignored(self) -> bool:
        return self.unstaged == "!"

    @property
    def is_staged(self) -> bool:
        return bool(self.staged) and not self.is_conflict

    @property
    def is_unstaged(self) -> bool:
        """Whether a tracked file differs from the index."""
        return bool(self.unstaged) and not (self.is_conflict or self.is_untracked or self.is_ignored)


@dataclass(frozen=True, slots=True)
class Status:
    """`commit` is "" where there is none yet, `branch` "" when detached. `ahead` and `behind` are None without an
    upstream, and when it is gone. `is_whole`: nothing was cut off at the end."""

    commit: str = ""
    branch: str = ""
    upstream: str = ""
    ahead: int | None = None
    behind: int | None = None
    stashes: int = 0
    changes: tuple[Change, ...] = ()
    is_whole: bool = True

    @property
    def staged(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_staged)

    @property
    def unstaged(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_unstaged)

    @property
    def untracked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_untracked)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_conflict)


def parse(printed: bytes) -> Status:
    """Understands what git prints and passes over what it does not; a record that is cut off is left out. Never
    raises."""
    *records, rest = printed.split(b"\0")
    heads: dict[str, str] = {}
    changes = tuple(_changes(iter(records), heads))
    ahead, behind = _distance(heads.get("branch.ab", ""))
    commit, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    stashes = heads.get("stash", "")
    return Status(
        commit="" if commit == "(initial)" else commit,
        branch="" if branch == "(detached)" else branch,
        upstream=heads.get("branch.upstream", ""),
        ahead=ahead,
        behind=behind,
        stashes=int(stashes) if stashes.isascii() and stashes.isdigit() else 0,
        changes=changes,
        is_whole=not rest,
    )


def _changes(records: Iterator[bytes], heads: dict[str, str]) -> Iterator[Change]:
    for record in records:
        kind, _, text = record.partition(b" ")
        if kind == b"#":
            name, _, value = os.fsdecode(text).partition(" ")
            heads[name] = value
        elif kind in (b"?", b"!"):
            yield Change(os.fsdecode(text), unstaged=kind.decode())
        elif kind in _FIELDS:
            *fields, path = record.split(b" ", _FIELDS[kind])
            was = next(records, None) if kind == b"2" else b""
            if was is not None and len(fields) == _FIELDS[kind]:
                yield _tracked(fields, os.fsdecode(path), os.fsdecode(was))


def _tracked(fields: list[bytes], path: str, was: str) -> Change:
    letters = fields[1].decode("ascii", "replace").replace(".", " ")
    return Change(
        path,
        staged=letters[:1].strip(),
        unstaged=letters[1:2].strip(),
        was=was,
        is_conflict=fields[0] == b"u",
        is_submodule=fields[2][:1] == b"S",
    )


def _distance(text: str) -> tuple[int | None, int | None]:
    ahead, _, behind = text.partition(" ")
    try:
        return abs(int(ahead)), abs(int(behind))
    except ValueError:
        return None, None
