"""Finding, checking, loading and saving the file a call names. Must not know what a file holds.

Whatever is no ordinary file (folder, pipe, device, socket) is refused before it is opened, so nothing here can hang.
"""

from __future__ import annotations

import asyncio
import os
import stat
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from io import BufferedReader
from itertools import islice
from pathlib import Path

from coder.core import nofollow
from coder.core.errors import ToolError
from coder.core.tools import ToolContext
from coder.core.workspace import Workspace

LOAD_LIMIT = 32 << 20  # bytes of a file that are ever held whole
_LISTED = 5_000  # names of a folder looked at for a similar one

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


def target(path: str, workspace: Workspace) -> Path:
    """The file a call touches: for `Tool.access`. Never raises."""
    return twin(workspace.resolve(path.replace("\0", "")))


def absolute(path: str, workspace: Workspace, field: str = "file_path") -> Path:
    """The file a call names. Raises ToolError for a path that is not absolute, naming the absolute one."""
    if not path or "\0" in path or not _is_encodable(path):
        raise ToolError(f"`{field}` is {path!r}; expected an absolute path such as {workspace.cwd / 'src/app.py'}.")
    if not path.startswith(("/", "~")):
        raise ToolError(
            f"`{field}` is {path!r}, a relative path; expected an absolute one. Nothing was read or changed. "
            f"If you mean the file below the current folder, send {shown(workspace.resolve(path))}"
        )
    return target(path, workspace)


def _is_encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def twin(path: Path) -> Path:
    """`path`, or when it is missing, the one neighbour whose name looks the same.

    Names with special spaces (macOS puts U+202F into screenshot names), other quotes or accents composed otherwise are
    typed back by a model in their plain form.
    """
    try:
        if (path.name.isascii() and " " not in path.name and "'" not in path.name) or os.path.lexists(path):
            return path
        with os.scandir(path.parent) as entries:
            plain = _plain(path.name)
            same = [entry.name for entry in islice(entries, _LISTED) if _plain(entry.name) == plain]
    except (OSError, ValueError):
        return path
    return path.parent / same[0] if len(same) == 1 else path


def _plain(name: str) -> str:
    straight = name.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})
    return " ".join(unicodedata.normalize("NFKC", straight).split())


async def probe(path: Path, context: ToolContext) -> os.stat_result | None:
    """The status of an ordinary file, None when there is none. Raises ToolError for anything else."""
    try:
        found = await asyncio.to_thread(nofollow.status, context.real(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise failure("cannot be looked at", path, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise ToolError(
            f"{shown(path)} is a folder, not a file. List it with Glob (pattern '*', path {shown(path)!r}) or Bash ls."
        )
    for is_kind, kind in _KINDS:
        if is_kind(found.st_mode):
            raise ToolError(f"{shown(path)} is {kind}, not an ordinary file; it was not opened.")
    return found


def missing(path: Path, workspace: Workspace) -> ToolError:
    """The error for a file that does not exist, with files it may have been meant for. Blocks briefly."""
    near = _similar(path)
    moved = workspace.cwd / path.name
    if len(path.parts) > 2:  # /src/app.py for <cwd>/src/app.py is a common slip
        moved = next((p for p in (workspace.cwd.joinpath(*path.parts[1:]), moved) if _has_mode(p, stat.S_ISREG)), moved)
    if moved != path and _has_mode(moved, stat.S_ISREG):
        near.insert(0, shown(moved))
    text = f"{shown(path)} does not exist."
    if near:
        text += " Did you mean " + " or ".join(near[:3]) + "?"
    elif not _has_mode(path.parent, stat.S_ISDIR):
        text += f" Its folder {shown(path.parent)} does not exist either. The current folder is {shown(workspace.cwd)}."
    else:
        text += " Find it with Glob."
    return ToolError(text)


def _has_mode(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        return is_kind(path.stat().st_mode)
    except OSError:
        return False


def _similar(path: Path) -> list[str]:
    try:
        with os.scandir(path.parent) as entries:
            names = {entry.name.lower(): entry.name for entry in islice(entries, _LISTED) if entry.is_file()}
    except OSError:
        return []
    wanted = path.name.lower()
    close = get_close_matches(wanted, names, n=3, cutoff=0.6)
    stem = path.stem.lower()
    close += [name for name in names if name.split(".")[0] == stem and name not in close]
    return [shown(path.parent / names[name]) for name in close[:3]]


async def load(path: Path, context: ToolContext) -> bytes:
    """The whole file. Raises ToolError. The caller has probed it and knows that its size is bearable."""
    try:
        return await context.workspace.read(context.real(path))
    except OSError as error:
        raise failure("cannot be read", path, error) from error


async def opened(path: Path, context: ToolContext) -> BufferedReader:
    """The file, to be read piece by piece. Raises ToolError."""
    try:
        return await context.workspace.open(context.real(path))
    except OSError as error:
        raise failure("cannot be read", path, error) from error


async def save(path: Path, data: bytes, context: ToolContext) -> None:
    """Raises ToolError; then the file is as it was."""
    try:
        await context.workspace.write(context.real(path), data)
    except OSError as error:
        raise failure("cannot be written", path, error) from error


def failure(what: str, path: Path, error: OSError) -> ToolError:
    return ToolError(f"{shown(path)} {what}: {error.strerror or error}.")


def shown(path: Path) -> str:
    """The path as text; bytes that are no UTF-8 become U+FFFD."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def size_text(size: int) -> str:
    for unit, width in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= width:
            return f"{size / width:.1f} {unit}"
    return f"{size} bytes"
