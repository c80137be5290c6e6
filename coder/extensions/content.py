"""What is in an unpacked bundle, as one digest: of paths, modes and bytes. Must not know why it is asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from coder.core.nofollow import Folders
from coder.extensions.entry_names import shown_name
from coder.extensions.errors import BundleError

_CHUNK = 1024 * 1024
_MOST_FILES = 40_000  # files and folders
_MOST_BYTES = 2 * 1024 * 1024 * 1024


def digest_of(folder: Path) -> str:
    """The same for the same files, and another one for any change that could matter. Raises BundleError.

    Times and owners do not count. A link, device or pipe is refused: it could stand for other contents tomorrow.
    """
    digest = sha256(b"coder-bundle-1\n")
    total = 0
    try:
        with Folders(os.path.realpath(folder)) as folders:
            for path, is_folder in _walk(folders):
                name = os.fsencode(path)
                if is_folder:
                    digest.update(b"d %d %s\n" % (len(name), name))
                    continue
                with os.fdopen(folders.open(path), "rb") as file:
                    status = os.fstat(file.fileno())
                    if not stat.S_ISREG(status.st_mode):
                        raise _no_file(path)
                    total += status.st_size
                    if total > _MOST_BYTES:
                        raise BundleError(f"{folder} holds more than {_MOST_BYTES // 1024**3} GiB")
                    inner = sha256()
                    while chunk := file.read(_CHUNK):
                        inner.update(chunk)
                program = bool(status.st_mode & 0o111)
                digest.update(b"f%d %d %s %s\n" % (program, len(name), name, inner.hexdigest().encode()))
    except OSError as error:
        what = shown_name(str(error.filename or folder))
        raise BundleError(f"{folder}: {what} cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def _walk(folders: Folders) -> Iterator[tuple[str, bool]]:
    """Everything below, by its path, in one fixed order; whether it is a folder."""
    left = [""]
    seen = 0
    while left:
        folder = left.pop()
        found = sorted((entry.name, _is_folder(entry, folder)) for entry in folders.entries(folder))
        seen += len(found)
        if seen > _MOST_FILES:
            raise BundleError(f"the folder holds more than {_MOST_FILES:,} files")
        for name, is_folder in found:
            yield f"{folder}{name}", is_folder
        left += [f"{folder}{name}/" for name, is_folder in reversed(found) if is_folder]


def _is_folder(entry: os.DirEntry[str], folder: str) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return True
    if not entry.is_file(follow_symlinks=False):
        raise _no_file(f"{folder}{entry.name}")
    return False


def _no_file(path: str) -> BundleError:
    return BundleError(f"{shown_name(path)}: it is a link, a device or a pipe; only files and folders belong here")
