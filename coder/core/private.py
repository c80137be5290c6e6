"""Folders for the owner alone. Must not know what is kept in them."""

from __future__ import annotations

from pathlib import Path


def made_private(folder: Path) -> None:
    """Makes `folder` and what is missing on the way. `mkdir(parents=True)` would let others look into all but the last.
    Raises OSError."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
