"""Whether the person trusts the folder they started in. Must not know what trust is needed for. Reads only."""

from __future__ import annotations

import os
from pathlib import Path

from coder.config.jsonfile import read_object
from coder.core.errors import ConfigError


def is_trusted(home: Path, cwd: Path) -> bool:
    """Whether `<home>/trust.json` names this folder or one above it, without a repository's edge in between.

    A file that cannot be read trusts nothing. Never raises.
    """
    try:
        parsed = read_object(home / "trust.json")
    except ConfigError:
        return False
    folders = parsed.value.get("folders") if parsed else None
    if not isinstance(folders, dict):
        return False
    real = Path(os.path.realpath(cwd))
    for folder in (real, *real.parents):
        if isinstance(folders.get(str(folder)), dict):
            return True
        if os.path.lexists(folder / ".git"):  # what is nested in a trusted repository is somebody else's again
            return False
    return False
