"""Pictures and documents of a session, each stored once beside its transcript. Must not know entries or trees.

A long base64 text is replaced by a mark, `blob:sha256:<hash>`, and its bytes go into a file of that name.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from coder.sessions.locate import make_private

MARK = "blob:sha256:"
_SHORTEST = 4096  # characters; anything less is cheaper inside the line
_NAMED = re.compile(rf"{MARK}([0-9a-f]{{64}})")
_KEYS = ("data", "base64")
_LOST = {
    "image": "(A picture was here; its file is missing.)",
    "document": "(A document was here; its file is missing.)",
}


class Blobs:
    """The files of one session. `folder` is made with the first of them."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self._home = home
        self._unsynced: list[Path] = []

    def stow(self, entry: Json) -> Json:
        """The entry with its long data in files; the same object when there is none.

        Raises OSError or SessionError when a file cannot be written, RecursionError for an absurdly nested entry.
        """
        return self._changed(entry, self._stowed)

    def restore(self, entry: Json) -> Json:
        """The entry as it was before `stow`. A block whose file is missing or damaged becomes a text that says so."""
        return self._changed(entry, self._restored)

    def sync(self) -> None:
        """Waits until the files outlive the machine; may run in any thread. Raises OSError."""
        while self._unsynced:
            fd = os.open(self._unsynced.pop(), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _changed(self, entry: Json, change: Callable[[str], str | None]) -> Json:
        message = entry.get("message")
        made = dict(entry)
        if isinstance(message, dict) and isinstance(message.get("content"), list):
            made["message"] = {**message, "content": _walked(message["content"], change)}
        if isinstance(entry.get("toolUseResult"), dict):
            made["toolUseResult"] = _walked(entry["toolUseResult"], change)
        return made

    def _stowed(self, text: str) -> str | None:
        if len(text) < _SHORTEST:
            return None
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
        if base64.b64encode(data).decode("ascii") != text:
            return None  # it could not be given back to the byte
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / name
        if not _has_size(path, len(data)):
            self._write(path, data)
        return MARK + name

    def _restored(self, text: str) -> str | None:
        found = _NAMED.fullmatch(text)
        if found is None:
            return None
        data = self.read(found[1])
        return base64.b64encode(data).decode("ascii") if data is not None else None

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when it is missing, or is not what it was."""
        try:
            data = (self.folder / name).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == name else None

    def _write(self, path: Path, data: bytes) -> None:
        make_private(self._home, self.folder)
        made = self.folder / f".{path.name}.{os.getpid()}.tmp"
        with contextlib.suppress(FileNotFoundError):
            made.unlink()
        fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            made.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                made.unlink()
            raise
        self._unsynced.append(path)


def names_in(line: bytes) -> Iterator[str]:
    """The files that a line of a transcript speaks of."""
    for found in re.finditer(rb'"blob:sha256:([0-9a-f]{64})"', line):
        yield found[1].decode("ascii")


def _walked(value: Any, change: Callable[[str], str | None]) -> Any:
    """`value` with what `change` says in place of the long data in it; parts that stay are the same objects."""
    match value:
        case {"type": ("image" | "document") as kind, "source": {"data": str(text), **rest}}:
            other = change(text)
            if other is not None:
                return {**value, "source": {**rest, "data": other}}
            return {"type": "text", "text": _LOST[kind]} if _NAMED.fullmatch(text) else value
        case dict():
            made = {key: _item(key, item, change) for key, item in value.items()}
            return made if any(made[key] is not value[key] for key in value) else value
        case list():
            items = [_walked(item, change) for item in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        case _:
            return value


def _item(key: str, value: Any, change: Callable[[str], str | None]) -> Any:
    if isinstance(value, str):
        other = change(value) if key in _KEYS else None
        return value if other is None else other
    return _walked(value, change)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
