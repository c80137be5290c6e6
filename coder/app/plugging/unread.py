"""What a plugin may hold that coder does not use: named, for nobody is to look for it in vain. Must not read a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILES = {
    ".lsp.json": "language servers",
    "themes": "themes",
    "monitors": "monitors",
    "bin": "programs in bin/",
    "workflows": "workflows",
}
_KEYS = {
    "lspServers": "language servers",
    "workflows": "workflows",
    "channels": "channels",
    "dependencies": "dependencies",
}
_EXPERIMENTAL = ("themes", "monitors")


def unread(root: Path, said: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """In words for people, each once."""
    return tuple(dict.fromkeys(_unread(root, said, settings)))


def _unread(root: Path, said: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (words for name, words in _FILES.items() if os.path.lexists(root / name))
    yield from (words for key, words in _KEYS.items() if said.get(key))
    experimental = said.get("experimental")
    yield from (key for key in _EXPERIMENTAL if isinstance(experimental, dict) and experimental.get(key))
    if set(settings) - {"agent", "$schema"}:
        yield "settings other than agent"
