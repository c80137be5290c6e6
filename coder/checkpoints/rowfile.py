"""The last look at a working folder on disk, so that the next session, or the one after a crash, has it too.

One line holds all rows, each further line what was different at a later look. Must not know what rows are used for.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.contents import private_folder
from coder.checkpoints.entries import path_from_json, path_to_json
from coder.checkpoints.walk import Rows

_FORM = 1


class RowFile:
    """Written by one session, which owns the file until it gives it away."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = root
        self._begun = False

    @property
    def path(self) -> Path:
        return self._path

    def save(self, rows: Rows, changed: list[str], gone: list[str]) -> None:
        """`changed` and `gone` are since the last save. Raises OSError."""
        if not self._begun:
            private_folder(self._path.parent)
            with suppress(FileNotFoundError):
                self._path.unlink()
            changed, gone = list(rows), []
        elif not (changed or gone):
            return
        line = {
            "form": _FORM,
            "root": path_to_json(str(self._root)),
            "set": {path_to_json(path): (*rows[path][0], path_to_json(rows[path][1])) for path in changed},
            "gone": [path_to_json(path) for path in gone],
        }
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode("ascii")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        self._begun = True

    def give_to(self, path: Path) -> None:
        """Makes it the file that other sessions begin with. Never raises."""
        if self._begun:
            with suppress(OSError):
                private_folder(path.parent)
                self._path.replace(path)
            self._begun = False


def load_rows(path: Path, root: Path) -> Rows | None:
    """The rows of a file; None when there is none, or it is about another folder. What is torn is left out."""
    rows: Rows | None = None
    try:
        with path.open("rb") as file:
            for line in file:
                raw = json.loads(line)
                if raw["form"] != _FORM or path_from_json(raw["root"]) != str(root):
                    return None
                rows = {} if rows is None else rows
                for name in raw["gone"]:
                    rows.pop(path_from_json(name), None)
                for name, (mode, inode, size, mtime, ctime, content) in raw["set"].items():
                    rows[path_from_json(name)] = ((mode, inode, size, mtime, ctime), path_from_json(content))
    except (OSError, ValueError, KeyError, TypeError):
        return rows
    return rows
