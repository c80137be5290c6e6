"""Which files of a repository may not be read: what a Read deny rule covers. Must not know git's answers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from coder.tools.ignore import Denied
from coder.tools.walk import folders_above


class Withheld:
    """`denied` are gitignore patterns, each below a folder; paths are asked about as they lie below `top`."""

    def __init__(self, denied: Iterable[tuple[Path, str]], top: Path) -> None:
        rules = [(str(folder), pattern) for folder, pattern in denied]
        tops = {top, Path(os.path.realpath(top))}
        self._rules = tuple(Denied(rules, each) for each in tops) if rules else ()

    def covers(self, path: str) -> bool:
        """Whether the file, or a folder above it, is denied. A folder itself ends in "/"."""
        if not self._rules:
            return False
        name = path.removesuffix("/")
        return any(self._judged(folder, True) for folder in folders_above(name)) or self._judged(
            name, path.endswith("/")
        )

    def _judged(self, path: str, is_folder: bool) -> bool:
        return any(rule.covers(path, path.rpartition("/")[2], is_folder) for rule in self._rules)
