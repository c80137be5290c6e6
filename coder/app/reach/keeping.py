"""Files that are the person's alone, small JSON and whole results. Must not know what is in them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from coder.config.replace import locked, replace
from coder.core.messages import Json
from coder.core.ordinary import read_ordinary

_MOST = 16 << 20


def write_private(path: Path, data: bytes) -> None:
    """A new file, or one of ours anew. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)


def read_json(path: Path) -> Json | None:
    """The object in a file; None where there is no file. Raises OSError and ValueError for what is no such object."""
    try:
        data = read_ordinary(path, _MOST)
    except FileNotFoundError:
        return None
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it holds no object")
    return found


def write_json(path: Path, value: Json) -> None:
    """Whole or not at all. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path.parent) as is_locked:
        _write(path, value, is_locked)


def update_json(path: Path, change: Callable[[Json], Json]) -> None:
    """The same with what `change` makes of what is there, which nobody else changes meanwhile. Raises OSError, and
    ValueError for what is no object."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path.parent) as is_locked:
        _write(path, change(read_json(path) or {}), is_locked)


def _write(path: Path, value: Json, is_locked: bool) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    replace(path, text.encode("utf-8", "replace"), 0o600, locked=is_locked)
