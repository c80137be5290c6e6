"""Where the files of a plugin lie: in the folder that was named, or in one that an archive is unpacked into, once for
what is in it. Must not know what stands in them.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from coder.commands.places import KINDS
from coder.commands.plugins import MANIFEST, SERVERS
from coder.core.ordinary import open_ordinary
from coder.core.private import made_private
from coder.core.visible import visible_line
from coder.extensions.errors import BundleError
from coder.extensions.unpack import Limits, unpack

_UNPACKED = Path("plugins/unpacked")
_MIB = 1024 * 1024
_LIMITS = Limits(files=5_000, total=256 * _MIB, one=64 * _MIB)
_PARTS = (str(MANIFEST), SERVERS, "SKILL.md", "hooks/hooks.json", *KINDS)


class NotFound(Exception):
    """Why there is no plugin; `kind` names it for programs."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def root_of(path: Path, home: Path) -> Path:
    """The real folder of the plugin. Raises NotFound."""
    try:
        if path.is_dir():
            root = Path(os.path.realpath(path))
        elif os.path.lexists(path):
            root = _unpacked(path, home)
        else:
            raise NotFound("path-not-found", "there is no such folder or archive. Check the path")
    except OSError as error:
        raise NotFound("path-not-found", f"it cannot be looked into: {error.strerror or error}") from error
    if not any(os.path.lexists(root / part) for part in _PARTS):
        raise NotFound(
            "manifest-validation-error",
            "nothing of a plugin is in it: no .claude-plugin/plugin.json, skills, commands, agents, hooks or .mcp.json",
        )
    return root


def _unpacked(archive: Path, home: Path) -> Path:
    """By what is in it: an archive that has changed is unpacked anew, and no session loses what it uses."""
    base = home / _UNPACKED
    try:
        with open_ordinary(archive) as file:
            if os.fstat(file.fileno()).st_size > _LIMITS.total:
                raise NotFound("generic-error", f"it is larger than {_LIMITS.total // _MIB} MiB")
            digest = sha256()
            while chunk := file.read(_MIB):
                digest.update(chunk)
            into = base / digest.hexdigest()
        if not into.is_dir():
            made_private(base)
            into = _put(archive, base)
    except BundleError as error:
        raise NotFound("generic-error", f"{visible_line(str(error))}. Give a folder, or a .zip of one") from error
    except OSError as error:
        raise NotFound("generic-error", f"it cannot be unpacked: {error.strerror or error}") from error
    return _inner(Path(os.path.realpath(into)))


def _put(archive: Path, base: Path) -> Path:
    """Unpacked under another name first: whoever is cut off, or is second, leaves none that is not whole."""
    held = base / f".new-{secrets.token_hex(8)}"
    try:
        into = base / unpack(archive, held, _LIMITS).sha256
        with suppress(OSError):  # another session was faster
            held.rename(into)
        if not into.is_dir():
            raise OSError(None, f"there is no {into}")
        return into
    finally:
        shutil.rmtree(held, ignore_errors=True)


def _inner(folder: Path) -> Path:
    """Where all of an archive is one folder, that one."""
    if any(os.path.lexists(folder / part) for part in _PARTS):
        return folder
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
