"""Where coder's own helper programs are looked for: never in the folder it works on. Must not know which programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def absolute_folders(env: Mapping[str, str]) -> list[str]:
    """The folders of PATH that are the same wherever one stands: neither `.` nor an empty entry."""
    return [folder for folder in env.get("PATH", "").split(os.pathsep) if folder.startswith("/")]


def program_folders(env: Mapping[str, str], roots: Iterable[Path]) -> list[str]:
    """Those neither in one of the `roots` nor in a repository round it, whose programs are not the person's."""
    real = [Path(os.path.realpath(root)) for root in roots]
    home = Path(os.path.realpath(env.get("HOME") or "/"))
    tops = {top for root in real for top in _repositories(root) if top != home}
    inside = {*real, *tops}
    return [
        folder
        for folder in absolute_folders(env)
        if not any(Path(os.path.realpath(folder)).is_relative_to(root) for root in inside)
    ]


def _repositories(root: Path) -> list[Path]:
    """The tops of the repositories that a folder lies in, for a work tree may lie in its main checkout; the root of the
    machine is none."""
    return [each for each in (root, *root.parents[:-1]) if os.path.lexists(each / ".git")]
