"""Keeps a person's own files out of every repository: one line in git's global list. Must not know settings.

Git is asked where that list is from the root folder and with its own variables taken away, so that no repository has
a say in it. Whatever fails here is no error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from coder.core.programs import program_folders

_TIMEOUT = 5.0  # seconds
_KEPT = ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL")


def keep_out_of_git(pattern: str, env: Mapping[str, str], project: Path) -> None:
    """Adds the pattern to the person's global excludes, unless it is there or there is no git outside of the project.

    Never raises.
    """
    try:
        path = _excludes(env, project)
        if path is None:
            return
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        if pattern in text.splitlines():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        line = f"{'' if text.endswith(chr(10)) or not text else chr(10)}{pattern}\n".encode()
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            if file.write(line) != len(line):  # the disk is full: the beginning of a pattern hides far more
                file.truncate(size)
    except (OSError, ValueError, subprocess.SubprocessError):
        return


def _excludes(env: Mapping[str, str], project: Path) -> Path | None:
    """The file git reads, which may not be there yet. None without git or a home."""
    home = env.get("HOME", "")
    folders = program_folders(env, (project,))
    git = shutil.which("git", path=os.pathsep.join(folders))
    if git is None or not home.startswith("/"):
        return None
    asked = subprocess.run(
        [git, "config", "--global", "--includes", "--type=path", "--get", "core.excludesFile"],
        cwd="/",
        env={"PATH": os.pathsep.join(folders), "LC_ALL": "C", **{name: env[name] for name in _KEPT if name in env}},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_TIMEOUT,
        check=False,
    )
    if named := os.fsdecode(asked.stdout).rstrip("\n"):
        return Path(named) if named.startswith("/") else None
    return Path(env.get("XDG_CONFIG_HOME") or f"{home}/.config") / "git" / "ignore"
