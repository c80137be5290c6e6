"""Where the next command starts: in the folder the last one ended in, within the working directories. Runs nothing."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.workspace import ExitStatus, Workspace


def follow(status: ExitStatus, began_in: Path, workspace: Workspace, *, keeps_cwd: bool) -> list[str]:
    """Keeps the folder the shell ended in for the next command. Returns what is to be said when it could not."""
    ended_in = status.cwd
    if ended_in is not None and ended_in != began_in:
        if keeps_cwd and ended_in.is_dir() and _is_inside(ended_in, workspace.roots):
            workspace.chdir(ended_in)
            return []
        return [reset(workspace)]
    return [] if workspace.cwd.is_dir() else [reset(workspace)]


def reset(workspace: Workspace) -> str:
    """Back to the first working directory."""
    workspace.chdir(workspace.roots[0])
    return f"Shell cwd was reset to {workspace.cwd}"


def _is_inside(folder: Path, roots: tuple[Path, ...]) -> bool:
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(os.path.realpath(root)) for root in roots)
