"""Reads what `git diff --raw --numstat -z` and `git diff --patch` print. Runs nothing; knows no prompts or screens."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
LISTED = (*FORM, "--raw", "--numstat", "--abbrev=10", "-z")
"""What to ask `git diff` for, to be told which files differ."""

PATCH = (
    *FORM,
    "--patch",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--full-index",
)
"""The same, to be told how."""

_RAW = re.compile(rb":+([0-7]{6}) (?:[0-7]{6} )*([0-7]{6}) [0-9a-f. ]+ ([A-Z])\d*\Z")
_FILE = re.compile(rb"^diff --(?:git|cc|combined) ", re.MULTILINE)
_HUNKS = re.compile(rb"^(?:@@|Binary files )", re.MULTILINE)
_GITLINK, _LINK = "160000", "120000"
_NONE = "000000"


@dataclass(frozen=True, slots=True)
class Differing:
    """One file that differs. `letter` is git's ("M", "A", "D", "R", "T", "U"); paths are below the top of the work
    tree, as `os.fsdecode` gives them. `added` and `removed` are lines, None where they are not counted (binary)."""

    path: str
    letter: str
    was: str = ""
    added: int | None = None
    removed: int | None = None
    modes: tuple[str, str] = (_NONE, _NONE)

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


def parse(printed: bytes, *, is_counted: bool = True) -> tuple[Differing, ...]:
    """Understands what git prints and passes over what it does not. A file that was only touched is none of them, as
    long as lines were counted. Never raises."""
    records = iter(printed.split(b"\0"))
    found: dict[str, Differing] = {}
    counts: dict[str, tuple[int | None, int | None]] = {}
    for record in records:
        if match := _RAW.match(record):
            old, new, letter = (part.decode("ascii") for part in match.groups())
            was = os.fsdecode(next(records, b"")) if letter in "RC" else ""
            path = os.fsdecode(next(records, b""))
            if path and (path not in found or letter == "U"):
                found[path] = Differing(path, letter, was, modes=(old, new))
        elif record.count(b"\t") >= 2:
            added, removed, path_bytes = record.split(b"\t", 2)
            if not path_bytes:
                next(records, b"")
                path_bytes = next(records, b"")
            counts[os.fsdecode(path_bytes)] = (_number(added), _number(removed))
    if not is_counted:
        return tuple(found.values())
    return tuple(_counted(each, counts) for each in found.values() if each.path in counts or each.letter != "M")


def _counted(each: Differing, counts: dict[str, tuple[int | None, int | None]]) -> Differing:
    added, removed = counts.get(each.path, (None, None))
    return replace(each, added=added, removed=removed)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() else None


def patches(printed: bytes) -> Iterator[bytes]:
    """The patch of one file each, in git's order, whole."""
    starts = [match.start() for match in _FILE.finditer(printed)]
    for start, end in zip(starts, [*starts, len(printed)][1:], strict=True):
        yield printed[start:end]


def hunks(patch: bytes) -> bytes:
    """A patch without its head, which says the file; b"" where nothing but the head is there."""
    found = _HUNKS.search(patch)
    return patch[found.start() :] if found else b""
