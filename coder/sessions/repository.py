"""What of a git repository sessions go by: its branch and its work trees. Reads files, runs nothing, never raises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_MOST = 4096  # bytes of a file of git's that are looked at
_TREES = 100
_REF = "ref: refs/heads/"


def branch_of(cwd: Path) -> str:
    """The branch that is checked out round `cwd`, the short commit when it is none, "" outside a repository."""
    found = _git_folder(cwd)
    head = _first_line(found[1] / "HEAD") if found else ""
    return head.removeprefix(_REF) if head.startswith(_REF) else head[:8]


def related_folders(cwd: Path) -> list[Path]:
    """`cwd` first, then the same folder in the other work trees of its repository, and their tops."""
    found = _git_folder(cwd)
    if found is None:
        return [cwd]
    top, own = found
    common = own / (_first_line(own / "commondir") or ".")
    tops = [common.resolve().parent, *_other_trees(common)]
    return list(dict.fromkeys([cwd, *(each / cwd.relative_to(top) for each in tops), *tops]))


def _other_trees(common: Path) -> Iterator[Path]:
    try:
        names = sorted((common / "worktrees").iterdir())[:_TREES]
    except OSError:
        return
    for name in names:
        if pointed := _first_line(name / "gitdir"):
            yield Path(pointed).parent


def _git_folder(cwd: Path) -> tuple[Path, Path] | None:
    """The top of the work tree round `cwd` and its git folder."""
    for top in (cwd, *cwd.parents):
        marker = top / ".git"
        if (marker / "HEAD").is_file():
            return top, marker
        pointed = _first_line(marker)
        if pointed.startswith("gitdir: "):
            return top, top / pointed.removeprefix("gitdir: ")
    return None


def _first_line(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_MOST).split(b"\n")[0].decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""
