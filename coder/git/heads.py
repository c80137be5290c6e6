"""Which branch a work tree is on, and which one is the main branch, from git's files alone. Runs nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from coder.core.ordinary import read_ordinary
from coder.git.repository import Repository

_BRANCH = "ref: refs/heads/"
_REMOTE = "ref: refs/remotes/origin/"
_USUAL = ("main", "master", "trunk")
_MOST_LINE = 4096
_MOST_PACKED = 4 << 20


def head_of(folder: Path) -> tuple[str, str]:
    """The branch and the commit that the git folder of a work tree names: one of them is "", both where it cannot be
    read. Never raises. Either may hold anything: nobody has checked it."""
    line = _first_line(folder / "HEAD")
    if line.startswith(_BRANCH):
        return line.removeprefix(_BRANCH), ""
    return "", "" if line.startswith("ref:") else line


def main_branch(repository: Repository) -> str:
    """The branch that the remote `origin` calls its own, else a local one of a usual name; "" for none. Never
    raises."""
    line = _first_line(repository.shared / "refs/remotes/origin/HEAD")
    if line.startswith(_REMOTE):
        return line.removeprefix(_REMOTE)
    names = [name for name in _USUAL if (repository.shared / "refs/heads" / name).is_file()]
    return names[0] if names else _packed(repository)


def _packed(repository: Repository) -> str:
    with suppress(OSError):
        packed = read_ordinary(repository.shared / "packed-refs", _MOST_PACKED)
        return next((name for name in _USUAL if f" refs/heads/{name}\n".encode() in packed), "")
    return ""


def _first_line(path: Path) -> str:
    with suppress(OSError):
        return read_ordinary(path, _MOST_LINE).split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return ""
