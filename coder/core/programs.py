"""Where coder's own helper programs are looked for: never in the folder it works on. Must not know which programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def absolute_folders(env: Mapping[str, str]) -> list[str]:
    """The folders of PATH that are the same wherever one stands: neither `.` nor an empty entry."""
    return [folder for folder in env.get("PATH", "").split(os.pathsep) if folder.startswith("/")]


def program_folders(env: Mapping[str, str], roots: Iterable[Path]) -> list[str]:
    """Those that do not lie in one of the `roots` or its repository either, whose programs are not the person's."""
    real = [Path(os.path.realpath(root)) for root in roots]
    home = Path(os.path.realpath(env.get("HOME") or "/"))
    tops = {top for root in real if (top := _repository(root)) is not None and top != home}
    inside = {*real, *tops}
    return [
        folder
        for folder in absolute_folders(env)
        if not any(Path(os.path.realpath(folder)).is_relative_to(root) for root in inside)
    ]


def _repository(root: Path) -> Path | None:
    """The top of the repository that a folder lies in; the root of the machine is none."""
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), None)
    return None if top == Path("/") else top
