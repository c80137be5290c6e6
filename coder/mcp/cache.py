"""What servers offered, kept for the next session. Must not know connections.

A file a server, named by the digest of its entry: an entry that changed has none. Nothing of the entry itself is in it.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.ordinary import read_ordinary
from coder.core.private import made_private
from coder.mcp.server import Offer, Server

if TYPE_CHECKING:
    from coder.mcp import offers
    from coder.mcp.offers import Heard
else:  # where something is known
    offers = LazyModule("coder.mcp.offers")

_FORM = 1
_MOST = 16 << 20
_DIGEST = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True)
class Kept:
    """`handshake`: it took the older handshake only, so that the newer one need not be tried first."""

    offer: Offer = field(default_factory=Offer)
    handshake: bool = False


def load(folder: Path, server: Server) -> Kept:
    """What was last heard from it, `cached`; nothing when there is nothing that can be read."""
    path = _path(folder, server)
    if path is None:
        return Kept()
    try:
        found = json.loads(read_ordinary(path, _MOST))
        if not isinstance(found, dict) or found.get("form") != _FORM:
            return Kept()
        lists = {name: found.get(name) for name in ("tools", "prompts", "resources", "templates")}
        words = {name: found.get(name) for name in ("instructions", "title", "version")}
    except (OSError, ValueError, RecursionError):
        return Kept()
    if not all(isinstance(items, list) for items in lists.values()):
        return Kept()
    if not all(isinstance(word, str) for word in words.values()):
        return Kept()
    given: dict[str, Any] = {**lists, **words}
    heard = replace(offers.offer(server.name, offers.Heard(**given)), cached=True, problems=())
    return Kept(heard, found.get("handshake") is True)


def store(folder: Path, server: Server, heard: Heard, *, handshake: bool = False) -> None:
    """Only for its owner to read. What cannot be written is not kept."""
    path = _path(folder, server)
    if path is None:
        return
    kept: Json = {name: value for name, value in asdict(heard).items() if name != "problems"}
    with suppress(OSError, ValueError, RecursionError):
        data = json.dumps({"form": _FORM, "handshake": handshake, **kept}, separators=(",", ":")).encode()
        if len(data) <= _MOST and not _is_there(path, data):
            _write(path, data)


def _path(folder: Path, server: Server) -> Path | None:
    if server.is_hosted:  # another program may call another server so
        return None
    return folder / f"{server.digest}.json" if _DIGEST.fullmatch(server.digest) else None


def _is_there(path: Path, data: bytes) -> bool:
    try:
        return read_ordinary(path, len(data) + 1) == data
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    made_private(path.parent)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
