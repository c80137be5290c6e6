"""Where the person stands, as far as that is told to them. Must not know sessions."""

from __future__ import annotations

import os
from pathlib import Path


def is_elsewhere(folder: Path) -> bool:
    """Whether `folder` is not the one that coder was started in, so that `coder -c` there finds other sessions."""
    try:
        return os.path.realpath(folder) != os.path.realpath(Path.cwd())
    except OSError:  # it is gone
        return True
