"""What is at a path. Never raises, whatever stands in the name or in the way."""

from __future__ import annotations

import stat
from pathlib import Path


def is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Whether an ordinary file is there, a link followed."""
    return stat.S_ISREG(_mode(path))


def is_something_else(path: Path) -> bool:
    """Whether there is anything but a folder."""
    mode = _mode(path)
    return mode != 0 and not stat.S_ISDIR(mode)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0
