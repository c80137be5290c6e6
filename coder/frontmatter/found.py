"""Finds Markdown files below a folder, bounded in number, depth and size, and links only as far as they may lead.

Must not know what the files are for, nor what stands in them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import NamedTuple, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

FILES = 10_000  # names looked at in one search
DEPTH = 8
SIZE = 1024 * 1024
TOTAL = 64 * SIZE

Signature: TypeAlias = tuple[int, int, int, int] | None


class File(NamedTuple):
    """`names` lead from the folder that was searched to the file: its folders, and its own without `.md`."""

    path: Path
    names: tuple[str, ...]


class Failing(NamedTuple):
    """What is left out, and why."""

    path: Path
    text: str


@dataclass(slots=True)
class Search:
    """One search through several folders. `seen` are the folders it looked into and how each was then.

    `within`, where it is given, is the folder that no link may lead out of. Not for several threads.
    """

    files: int = FILES
    room: int = TOTAL
    failing: list[Failing] = field(default_factory=list)
    seen: dict[Path, Signature] = field(default_factory=dict)

    def below(self, root: Path, within: Path | None) -> Iterator[File]:
        """Every `*.md` in the folder and those below it, by name. Hidden folders are left out."""
        if self._may_look(root, within):
            yield from self._below(root, within, (), set())

    def skills(self, root: Path, within: Path | None) -> Iterator[File]:
        """The `SKILL.md` of each folder in `root`; the last of `names` is the folder's."""
        for entry in self._entries(root, within) if self._may_look(root, within) else ():
            if not entry.is_folder:
                continue
            path = entry.path / "SKILL.md"
            self.seen[entry.path] = signature(entry.path)
            found = self._kind(path, within)
            if found == "file":
                yield File(path, (entry.name,))
            elif not found and os.path.lexists(entry.path / "skill.md"):
                self.failing.append(Failing(entry.path / "skill.md", "it must be called SKILL.md, in capitals"))

    def read(self, path: Path) -> bytes | None:
        """The whole file; None, and named, when it is too large or cannot be read."""
        try:
            data = read_ordinary(path, SIZE + 1)
        except OSError as error:
            self.failing.append(Failing(path, f"it cannot be read: {error.strerror}"))
            return None
        if len(data) > SIZE:
            self.failing.append(Failing(path, f"it is larger than {SIZE // 1024 // 1024} MiB"))
            return None
        self.room -= len(data)
        if self.room < 0:
            self.failing.append(Failing(path, f"all files together are larger than {TOTAL // 1024 // 1024} MiB"))
            return None
        return data

    def _may_look(self, root: Path, within: Path | None) -> bool:
        """Whether the folder itself lies where its links may lead: one above it may be a link."""
        self.seen[root] = signature(root)
        if within is None or self.seen[root] is None or _leads_inside(root, within):
            return True
        self.failing.append(Failing(root, f"it leads out of {within}, so nothing in it is used"))
        return False

    def _below(
        self, folder: Path, within: Path | None, names: tuple[str, ...], above: set[tuple[int, int]]
    ) -> Iterator[File]:
        if len(names) > DEPTH:
            self.failing.append(Failing(folder, f"it lies more than {DEPTH} folders deep"))
            return
        self.seen[folder] = signature(folder)  # one that is not there may come
        here = _identity(folder)
        if here is None or here in above:  # a link that leads back up
            return
        for entry in self._entries(folder, within):
            if entry.is_folder:
                yield from self._below(entry.path, within, (*names, entry.name), above | {here})
            elif entry.name.endswith(".md") and len(entry.name) > 3:
                yield File(entry.path, (*names, entry.name[:-3]))

    def _entries(self, folder: Path, within: Path | None) -> list[_Entry]:
        self.seen[folder] = signature(folder)
        if self.seen[folder] is None:
            return []
        found: list[_Entry] = []
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    if self.files <= 0:
                        self._full(folder)
                        break
                    self.files -= 1
                    if entry.name.startswith("."):
                        continue
                    if entry.is_symlink():
                        path = Path(entry.path)
                        kind = self._kind(path, within)
                        found += [_Entry(entry.name, path, kind == "folder")] if kind else []
                    elif entry.is_dir(follow_symlinks=False):
                        found.append(_Entry(entry.name, Path(entry.path), True))
                    elif entry.is_file(follow_symlinks=False):
                        found.append(_Entry(entry.name, Path(entry.path), False))
                    elif entry.name.endswith(".md"):
                        self.failing.append(Failing(Path(entry.path), "it is no ordinary file"))
        except OSError as error:
            self.failing.append(Failing(folder, f"it cannot be read: {error.strerror}"))
        return sorted(found)

    def _full(self, folder: Path) -> None:
        if not any(failing.text.startswith("no more than") for failing in self.failing):
            self.failing.append(Failing(folder, f"no more than {FILES:,} files are looked at: the rest is left out"))

    def _kind(self, path: Path, within: Path | None) -> str:
        """`file`, `folder`, or nothing for what is not there or must not be used, which is named."""
        try:
            mode = path.stat().st_mode
        except OSError:
            if path.is_symlink():
                self.failing.append(Failing(path, "it is a link to nothing"))
            return ""
        if within is not None and not _leads_inside(path, within):
            self.failing.append(Failing(path, f"it is a link that leads out of {within}, so it is not followed"))
            return ""
        if stat.S_ISDIR(mode):
            return "folder"
        if stat.S_ISREG(mode):
            return "file"
        self.failing.append(Failing(path, "it is no ordinary file"))
        return ""


class _Entry(NamedTuple):
    name: str
    path: Path
    is_folder: bool


def levels(cwd: Path) -> tuple[Path, ...]:
    """The folder and those above it up to the top of its repository; alone when it lies in none."""
    found: list[Path] = []
    for folder in (cwd, *cwd.parents):
        found.append(folder)
        if os.path.lexists(folder / ".git"):
            return tuple(found)
    return (cwd,)


def signature(path: Path) -> Signature:
    """Tells a file or folder from what it was before, without reading it. None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _leads_inside(path: Path, within: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(within))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
