"""Processes that outlived who started them, found by a mark in their environment. Must not know who that was."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def can_look() -> bool:
    return (_PROC / "self" / "environ").exists()


def marked(name: str, value: str) -> list[int]:
    """Those whose environment says `name=value`, zombies not counted; none where that cannot be read."""
    wanted = f"{name}={value}".encode()
    found: list[int] = []
    if not can_look():
        return found
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _has(entry, wanted):
            found.append(int(entry.name))
    return found


def _has(entry: Path, wanted: bytes) -> bool:
    try:
        return wanted in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
