"""What was changed in a work tree before the session began, and so is not its own. Reads nothing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Earlier:
    """`paths` are below the top of the work tree, as git names them; an untracked folder ends in "/" and stands for all
    in it. `top` is that work tree, None when it is the only one. Empty: nothing was, or nobody looked."""

    paths: frozenset[str] = frozenset()
    top: Path | None = None

    def holds(self, top: Path, path: str) -> bool:
        """Whether this path, of the work tree `top`, was changed then."""
        if not self.paths or self.top not in (None, top):
            return False
        above = (f"{folder}/" for folder in PurePosixPath(path).parents)
        return path in self.paths or f"{path}/" in self.paths or any(each in self.paths for each in above)
