"""Where the repository of a folder keeps its things. Reads no object and runs nothing."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from itertools import islice
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

_MOST_POINTER = 4096
_FOLDERS = ("", "info", "logs", "logs/refs", "objects/info", "rebase-merge", "rebase-apply", "sequencer")
_MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, repr=False)
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
    """A pipe or device in the place of one of git's own files, for which git would wait for ever, so that none is to be
    started here. Never raises."""
    for folder in dict.fromkeys((repository.folder, repository.shared)):
        for name in _FOLDERS:
            with suppress(OSError), os.scandir(folder / name) as entries:
                for entry in islice(entries, _MOST_ENTRIES):
                    if _is_pipe(entry):
                        return Path(entry.path)
    head = repository.shared / _branch(repository.folder / "HEAD")
    return head if _waits(head) else None


def _is_pipe(entry: os.DirEntry[str]) -> bool:
    # Most are told without a look at them. Sockets, such as that of git's own monitor, are never waited for.
    return not entry.is_file() and not entry.is_dir() and _waits(Path(entry.path))


def _waits(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _branch(head: Path) -> str:
    """The ref that a HEAD names; "" for none."""
    try:
        return _text(head).removeprefix("ref: ").lstrip("/")
    except OSError:
        return ""


def _pointed(file: Path, prefix: str) -> Path:
    text = _text(file)
    if not text.startswith(prefix):
        raise ValueError(f"{file} points nowhere")
    return (file.parent / text.removeprefix(prefix)).resolve()


def _text(file: Path) -> str:
    return read_ordinary(file, _MOST_POINTER).decode("utf-8", "surrogateescape").strip()
