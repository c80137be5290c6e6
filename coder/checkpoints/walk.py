"""One look at a working folder: the status of everything in it, and the content of what changed since the last look.

Follows no link and opens nothing but files and folders. Must not know what the looks are compared for.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from coder.checkpoints.entries import Entry, kind_of
from coder.checkpoints.limits import MOST_DEPTH, MOST_ENTRIES
from coder.core.dataclass import dataclass

Key: TypeAlias = tuple[int, int, int, int, int]
"""Mode, inode, size, and the times of writing and of change in ns."""
Row: TypeAlias = tuple[Key, str]
"""A status, and the content it stands for. Of a folder it is why the folder is not looked into, or ""."""
Rows: TypeAlias = dict[str, Row]
Read: TypeAlias = Callable[[int, str, str, os.stat_result, "Row | None"], "tuple[str, bool]"]
"""The content of the file `name` in an open folder, by its path from the root, its status and its last row; and
whether it held still while it was read."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TICK = 20_000_000  # ns: two changes may bear the same time
_COARSE_TICK = 2_000_000_000  # where times are whole seconds
_SECOND = 1_000_000_000
_OTHER_DISK, _TOO_DEEP, _CLOSED = "another disk", "too deep to look into", "it may not be read"
_PASSING = frozenset({_OTHER_DISK, _CLOSED})
_TYPE, _IS_FOLDER, _IS_LINK, _IS_FILE = 0o170000, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFREG


class TooMany(Exception):
    """The folder holds more than is looked through."""


@dataclass(slots=True)
class Walk:
    """`old` are the rows of the last look. `skip` are folders that are never looked into, by device and inode; `why`
    tells of a new folder why it is left out. Afterwards `rows` is what there is, and `changed` the paths of what is new
    or has another status."""

    old: Rows
    read: Read
    skip: frozenset[tuple[int, int]]
    why: Callable[[int, str, str], str]
    rows: Rows = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    _since: int = 0
    _device: int = 0

    def run(self, root: Path) -> None:
        """The root itself has the path "". One that is gone holds nothing. Raises TooMany, and OSError when it cannot
        be read."""
        self._since = time.time_ns() - _TICK
        try:
            folder = os.open(root, _FOLDER)
        except FileNotFoundError:
            return
        try:
            own = os.fstat(folder)
            self._device = own.st_dev
            self.rows[""] = ((own.st_mode, own.st_ino, 0, 0, 0), "")
            if self.rows[""] != self.old.get(""):
                self.changed.append("")
            self._look(folder, "", 0)
        finally:
            os.close(folder)

    def _look(self, folder: int, prefix: str, depth: int) -> None:
        # The loop that runs for every file of a working folder, around every command: plain on purpose.
        old, rows, since, status_of = self.old, self.rows, self._since, os.stat
        for name in os.listdir(folder):
            if name == ".git" and not prefix:
                continue  # the person's own repository
            try:
                status = status_of(name, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue  # gone since it was listed
            path = prefix + name
            mode = status.st_mode
            key = (mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            row = old.get(path)
            is_folder = mode & _TYPE == _IS_FOLDER
            if row is not None and row[0] == key and not (is_folder and row[1]):
                rows[path] = row
            elif is_folder:
                if not self._take_folder(folder, name, path, status, key, row):
                    continue
            else:
                self._take(folder, name, path, status, key, since)
            if is_folder:
                self._enter(folder, name, path, depth)
        if len(rows) > MOST_ENTRIES:
            raise TooMany

    def _take(self, folder: int, name: str, path: str, status: os.stat_result, key: Key, since: int) -> None:
        row = self.old.get(path)
        content, still = "", True
        kind = key[0] & _TYPE
        try:
            if kind == _IS_LINK:
                content = os.readlink(name, dir_fd=folder)
            elif kind == _IS_FILE:
                content, still = self.read(folder, name, path, status, row)
        except FileNotFoundError:
            return
        except OSError:
            content = ""  # it may not be read: it is there, and not kept
        latest = max(key[3], key[4])
        coarse = key[3] % _SECOND == 0 and key[4] % _SECOND == 0
        if not still or latest >= (since + _TICK - _COARSE_TICK if coarse else since):
            key = (*key[:4], 0)  # it may change again and look the same: it is read again next time
        self.rows[path] = (key, content)
        self.changed.append(path)

    def _take_folder(
        self, parent: int, name: str, path: str, status: os.stat_result, key: Key, row: Row | None
    ) -> bool:
        """Notes a folder that is new or changed; False when it is not to be looked into."""
        if (status.st_dev, status.st_ino) in self.skip:
            return False
        same = row is not None and row[0][1] == key[1] and row[0][0] & _TYPE == _IS_FOLDER
        if status.st_dev != self._device:
            why = _OTHER_DISK
        elif row is not None and same:
            why = "" if row[1] in _PASSING else row[1]
        else:
            why = self.why(parent, name, path)
        self.rows[path] = (key, why)
        if self.rows[path] != row:
            self.changed.append(path)
        return not why

    def _enter(self, parent: int, name: str, path: str, depth: int) -> None:
        if depth >= MOST_DEPTH:
            self._close_off(path, _TOO_DEEP)
            return
        try:
            folder = os.open(name, _FOLDER, dir_fd=parent)
        except FileNotFoundError:
            return
        except OSError:
            self._close_off(path, _CLOSED)
            return
        try:
            self._look(folder, f"{path}/", depth + 1)
        except OSError:
            self._close_off(path, _CLOSED)
        finally:
            os.close(folder)

    def _close_off(self, path: str, why: str) -> None:
        """What was seen below at the last look is taken to be there still."""
        self.rows[path] = (self.rows[path][0], why)
        prefix = f"{path}/"
        self.rows.update((below, row) for below, row in self.old.items() if below.startswith(prefix))


def entry_of(row: Row) -> Entry:
    key, content = row
    kind = kind_of(key[0])
    match kind:
        case "folder":
            return Entry(kind, stat.S_IMODE(key[0]))
        case "link":
            return Entry(kind, content=content)
        case "file":
            return Entry(kind, stat.S_IMODE(key[0]), key[2], content, 0 if content else key[3])
        case _:
            return Entry(kind, stat.S_IMODE(key[0]))
