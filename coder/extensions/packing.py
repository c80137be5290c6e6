"""Packs a folder into a bundle: the same folder makes the same bytes, whenever and wherever. Must not know who asks."""

from __future__ import annotations

import os
import stat
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.nofollow import Folders
from coder.core.ordinary import read_ordinary
from coder.extensions.errors import BundleError
from coder.extensions.manifest import Manifest, read_manifest
from coder.extensions.manifest_check import MOST_BYTES
from coder.extensions.packable import check_packable, files_of
from coder.extensions.unpack import Limits

zipfile = LazyModule("zipfile")
MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip archive knows
_UNIX = 3
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    path: Path
    sha256: str
    files: int
    manifest: Manifest


def pack(folder: Path, out: Path) -> Packed:
    """Packs `folder` into the file `out`, which is replaced when the whole of it is written. Raises BundleError."""
    origin = str(folder / MANIFEST)
    try:
        data = read_ordinary(folder / MANIFEST, MOST_BYTES + 1)
        manifest = read_manifest(data, origin)
        files = [path for path in files_of(folder) if folder / path != out]
        if len(files) > Limits().files:
            raise BundleError(f"{folder} holds {len(files):,} files; a bundle has at most {Limits().files:,}")
        check_packable(manifest, data, files, origin)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=".packing-", delete=False) as file:
            held = Path(file.name)
            try:
                digest = _write(file, folder, files)
                held.chmod(0o644)
                held.replace(out)
            except BaseException:
                held.unlink(missing_ok=True)
                raise
    except FileNotFoundError as error:
        raise BundleError(f"{error.filename} is not there; an extension is a folder with {MANIFEST}") from error
    except OSError as error:
        raise BundleError(f"{folder} is not packed: {error.filename or out}: {error.strerror or error}") from error
    return Packed(out, digest, len(files), manifest)


def _write(file: Any, folder: Path, files: list[str]) -> str:
    left = Limits().total
    with (
        Folders(os.path.realpath(folder)) as folders,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9, allowZip64=False) as archive,
    ):
        for path in files:
            with os.fdopen(folders.open(path), "rb") as source:
                left -= _add(archive, path, source, left)
    file.flush()
    file.seek(0)
    digest = sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _add(archive: Any, path: str, source: BinaryIO, left: int) -> int:
    """Adds one file; returns its size."""
    status = os.fstat(source.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"{path} is no ordinary file")
    info = zipfile.ZipInfo(path, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = (stat.S_IFREG | (0o755 if status.st_mode & 0o111 else 0o644)) << 16
    info.file_size = status.st_size
    size = 0
    with archive.open(info, "w") as entry:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise BundleError(f"with {path} the bundle is larger than {Limits().total // 1024**2:,} MiB")
            entry.write(chunk)
    return size
