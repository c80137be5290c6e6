"""Where the repository of a folder keeps its things. Reads no object and runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_MOST_POINTER = 4096


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


def _pointed(file: Path, prefix: str) -> Path:
    with file.open("rb") as stream:
        text = stream.read(_MOST_POINTER).decode("utf-8", "surrogateescape").strip()
    if not text.startswith(prefix):
        raise ValueError(f"{file} points nowhere")
    return (file.parent / text.removeprefix(prefix)).resolve()
