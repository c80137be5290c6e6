"""Where the repository of a folder keeps its things. Reads no object and runs nothing."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from coder.core.ordinary import read_ordinary

_MOST_POINTER = 4096
# git would wait for ever for whoever writes into one of these, if it were a pipe.
_FILES = (
    *("HEAD", "index", "config", "config.worktree", "packed-refs", "shallow", "commondir", "gitdir", "logs/HEAD"),
    *("info/exclude", "info/attributes", "info/grafts", "objects/info/alternates", "logs/refs/stash"),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """`top` is the work tree; `folder` its own git folder; `shared` the one with the objects (another for a linked
    work tree). All absolute."""

    top: Path
    folder: Path
    shared: Path

    @property
    def index(self) -> Path:
        return self.folder / "index"


def repository_of(folder: Path) -> Repository | None:
    """The repository that a folder lies in. Never raises."""
    for top in (folder, *folder.parents):
        place = top / ".git"
        try:
            if place.is_file():
                place = _pointed(place, "gitdir: ")
            if (place / "HEAD").is_file():
                shared = place / "commondir"
                return Repository(top, place, _pointed(shared, "") if shared.is_file() else place)
        except (OSError, ValueError):
            continue
    return None


def pipe_in(repository: Repository) -> Path | None:
    """One of git's own files that is a pipe, a device or a socket, so that no git is to be started here. Never raises."""
    for folder in dict.fromkeys((repository.folder, repository.shared)):
        for name in _FILES:
            try:
                mode = (folder / name).stat().st_mode
            except (OSError, ValueError):
                continue
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                return folder / name
    return None


def _pointed(file: Path, prefix: str) -> Path:
    text = read_ordinary(file, _MOST_POINTER).decode("utf-8", "surrogateescape").strip()
    if not text.startswith(prefix):
        raise ValueError(f"{file} points nowhere")
    return (file.parent / text.removeprefix(prefix)).resolve()
