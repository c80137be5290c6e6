"""Files of a repository that decide which program really runs: with one about, even `--version` is not just a read.

Must not know rules.
"""

from __future__ import annotations

from pathlib import Path

from coder.permissions.command import Word
from coder.permissions.world import World

_GUIDES = {
    "go": ("go.mod", "go.work"),  # may name a toolchain that is fetched and run
    "rustc": ("rust-toolchain", "rust-toolchain.toml"),  # may name a folder with a compiler of its own
}


def guide_of(words: tuple[Word, ...], folders: tuple[Path, ...], world: World) -> Path | None:
    """The file in one of the folders, or above it, that the program would obey before it answers."""
    names = _GUIDES.get(words[0].text, ())
    places = (place / name for folder in folders if names for place in (folder, *folder.parents) for name in names)
    return next((path for path in places if world.exists(path)), None)
