"""The folders in which a repository keeps files with heads. Must load nothing: who only looks whether there are any
needs no more than this.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = (".coder", ".claude", ".agents")  # the strongest first
# What others wrote and a package manager put there: no voice in this project.
STRANGERS = frozenset({"node_modules", "site-packages", "bower_components", ".git", ".venv", "venv"})


def holds_any(bases: Iterable[Path], kinds: Iterable[str]) -> bool:
    """Whether there is anything of one of these names in a base, or in one of those folders in it."""
    inside = [f"{name}/{kind}" for name in ("", *REPOSITORY) for kind in kinds]
    return any(os.path.lexists(f"{base}/{path}") for base in bases for path in inside)
