"""Reads what `git diff --raw --numstat -z` and `git diff --patch` print. Runs nothing; knows no prompts or screens."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from coder.core.dataclass import dataclass

FORM = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--find-renames",
    "-l1000",
)
NAMED = (*FORM, "--raw", "--abbrev=10", "-z")
"""What to ask `git diff` for, to be told which files differ."""

WHOLE = (*NAMED, "--numstat", "--patch", "--unified=3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")
"""To be told how as well, in one answer: a file cannot change its name between two."""

OURS = "-2"
"""What files in conflict are compared with, where they are compared with the index."""

_RAW = re.compile(rb":+([0-7]{6}) (?:[0-7]{6} )*([0-7]{6}) [0-9a-f. ]+ ([A-Z])\d*\Z")
_FILE = re.compile(rb"^diff --(?:git|cc|combined) ", re.MULTILINE)
_HUNKS = re.compile(rb"^(?:@@|Binary files )", re.MULTILINE)
_GITLINK, _LINK = "160000", "120000"
_NONE = "000000"


@dataclass(frozen=True, slots=True)
class Differing:
    """One file that differs. `letter` is git's ("M", "A", "D", "R", "T", "U"); paths are below the top of the work
    tree, as `os.fsdecode` gives them. `added` and `removed` are lines, None where they are not counted (binary).
    `is_touched`: its time differs, and nothing else, so that it is no change. `patches` of an answer are its own: what
    became of another kind is taken away and added, and a conflict may have none."""

    path: str
    letter: str
    was: str = ""
    added: int | None = None
    removed: int | None = None
    modes: tuple[str, str] = (_NONE, _NONE)
    is_touched: bool = False
    patches: int = 1

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.was, self.path) if self.was else (self.path,)

    @property
    def lines(self) -> int:
        return (self.added or 0) + (self.removed or 0)

    @property
    def is_submodule(self) -> bool:
        return _GITLINK in self.modes

    @property
    def is_link(self) -> bool:
        return _LINK in self.modes

    @property
    def changed_mode(self) -> str:
        """`100644 -> 100755`, or "" for one that stayed, came or went."""
        old, new = self.modes
        return f"{old} -> {new}" if old != new and _NONE not in self.modes else ""


def parse(printed: bytes) -> tuple[Differing, ...]:
    """The files of an answer, in git's order. Understands what git prints and passes over what it does not. Never
    raises."""
    records = iter(printed.partition(b"\0\0")[0].split(b"\0"))
    found: dict[str, Differing] = {}
    counts: dict[str, tuple[int | None, int | None]] = {}
    for record in records:
        if match := _RAW.match(record):
            old, new, letter = (part.decode("ascii") for part in match.groups())
            was = os.fsdecode(next(records, b"")) if letter in "RC" else ""
            path = os.fsdecode(next(records, b""))
            if path in found and found[path].letter == "U":
                found[path] = replace(found[path], patches=1)
            elif path:
                patches = {"T": 2, "U": 0}.get(letter, 1)
                found[path] = Differing(path, letter, was, modes=(old, new), patches=patches)
        elif record.count(b"\t") >= 2:
            added, removed, path_bytes = record.split(b"\t", 2)
            if not path_bytes:
                next(records, b"")
                path_bytes = next(records, b"")
            counts[os.fsdecode(path_bytes)] = (_number(added), _number(removed))
    return tuple(_counted(each, counts) for each in found.values())


def _counted(each: Differing, counts: dict[str, tuple[int | None, int | None]]) -> Differing:
    added, removed = counts.get(each.path, (None, None))
    touched = bool(counts) and each.path not in counts and each.letter == "M"
    return replace(each, added=added, removed=removed, is_touched=touched)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() else None


def patches_in(printed: bytes) -> Iterator[bytes]:
    """The patches of a whole answer, of one file each and in git's order."""
    patch = printed.partition(b"\0\0")[2]
    starts = [match.start() for match in _FILE.finditer(patch)]
    for start, end in zip(starts, [*starts, len(patch)][1:], strict=True):
        yield patch[start:end]


def hunks(patch: bytes) -> bytes:
    """A patch without its head, which says the file; b"" where nothing but the head is there."""
    found = _HUNKS.search(patch)
    return patch[found.start() :] if found else b""
