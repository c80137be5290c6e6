"""Walks a folder tree: ordinary files that ignore files do not hide, and what they hide. Runs in the search worker.

Never follows links, never opens a pipe, socket or device, and goes on where a folder cannot be read. Must not know what
the files are wanted for.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.nofollow import Folders
from coder.tools.ignore import IGNORE_FILES, NOTHING, Chain, Denied, extend, hidden, hides_itself

GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # it vanished or became a link while we walked
_STATE = (".coder", "projects")  # transcripts of earlier sessions: searching them finds the search itself


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk begins: the rules from above, and the search root as a prefix of the paths those rules judge.

    A `chain` of None means that ignore files are not asked.
    """

    chain: Chain | None = None
    prefix: str = ""


EVERYTHING = Start()


class Walk:
    """Walks below the current folder, which is `top`; paths are relative to it, with `/`.

    `reserved` folders and what is `denied` are passed over. `hidden_folders` and `hidden_files` fill up as a walk goes
    on; `unreadable` counts folders, `kept_back` what was denied.
    """

    def __init__(self, top: Folders, reserved: frozenset[str] = frozenset(), denied: Denied | None = None) -> None:
        self._top = top
        self._reserved = reserved
        self._denied = denied or Denied([], Path("/"))
        self.hidden_folders: list[str] = []
        self.hidden_files: list[str] = []
        self.unreadable = 0
        self.kept_back = 0

    def files(self, start: Start, folder: str = "") -> Iterator[str]:
        """The files below `folder` ("" or ending in "/"), in no order."""
        waiting = [(folder, start.chain)]
        while waiting:
            folder, chain = waiting.pop()
            entries = self._list(folder)
            if chain is not None:
                chain = extend(chain, Path(folder), {name for name, *_ in entries}, start.prefix + folder)
            judged = chain if chain is not None and any(chain) else None
            for name, is_folder, is_file in entries:
                path = folder + name
                if name == ".git" or not (is_folder or is_file):
                    continue
                if is_folder and self._is_reserved(path, name):
                    continue
                if self._denied.covers(path, name, is_folder):
                    self.kept_back += 1
                    continue
                if judged is not None and hidden(judged, start.prefix + path, name, is_folder):
                    (self.hidden_folders if is_folder else self.hidden_files).append(path)
                elif is_folder:
                    waiting.append((f"{path}/", chain))
                else:
                    yield path

    def _list(self, folder: str) -> list[tuple[str, bool, bool]]:
        """Name, whether it is a folder, and whether an ordinary file."""
        try:
            return [
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                for entry in self._top.entries(folder)
            ]
        except OSError as error:
            self.unreadable += error.errno not in GONE
            return []

    def _is_reserved(self, path: str, name: str) -> bool:
        return path in self._reserved or (name == _STATE[1] and path.split("/")[-2:-1] == [_STATE[0]])

    def reaches(self, path: str) -> bool:
        """Whether a walk would get to this file, were nothing hidden by ignore files."""
        folders = [(folder, folder.rpartition("/")[2]) for folder in folders_above(path)]
        if any(self._is_reserved(*folder) or self._denied.covers(*folder, True) for folder in folders):
            return False
        return not self._denied.covers(path, path.rpartition("/")[2], False)


def folders_above(path: str) -> Iterator[str]:
    """`a` and `a/b` for `a/b/c`."""
    return accumulate(path.split("/")[:-1], "{}/{}".format)


def start_at(root: Path, tops: list[Path]) -> Start:
    """How to walk `root`: everything in it when it is itself hidden, for then it was asked for by name."""
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), None)
    if top is None:
        inside = (folder for folder in tops if root.is_relative_to(folder))
        top = max(inside, key=lambda folder: len(folder.parts), default=root)
    if root != top and hides_itself(root):
        return EVERYTHING
    chain, folder, prefix = NOTHING, top, ""
    for name in root.relative_to(top).parts:
        present = {file for file in IGNORE_FILES if os.path.lexists(folder / file)}
        chain = extend(chain, folder, present, prefix)
        if hidden(chain, prefix + name, name, True):
            return EVERYTHING
        folder, prefix = folder / name, f"{prefix}{name}/"
    return Start(chain, prefix)
