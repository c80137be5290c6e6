"""Unpacks a bundle into a folder of its own, or not at all. Must not know manifests, or where bundles are kept.

Nothing the archive says of itself is believed: bytes are counted while they are written.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from coder.core.dataclass import dataclass
from coder.core.ordinary import open_ordinary
from coder.extensions.archive import DEFLATED, Entry, read_entries
from coder.extensions.entry_names import refuse_entry
from coder.extensions.errors import BundleError
from coder.extensions.sealed import sealed

_CHUNK = 256 * 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`ratio` is how many times larger than its packed form something may be, once it is larger than `ratio_from`."""

    files: int = 20_000
    total: int = 1024 * _MIB
    one: int = 512 * _MIB
    ratio: int = 200
    ratio_from: int = _MIB


@dataclass(frozen=True, slots=True)
class Unpacked:
    """`sha256` is that of the whole archive, as it would be compared with one that was published."""

    files: int
    total: int
    sha256: str


def unpack(archive: Path, into: Path, limits: Limits = Limits()) -> Unpacked:
    """Unpacks into the folder `into`, which must not exist. Raises BundleError, and then leaves nothing behind."""
    try:
        with open_ordinary(archive) as file:
            return _unpack(file, into, limits)
    except BundleError as error:
        raise BundleError(f"{archive.name} is not unpacked: {error}") from None
    except OSError as error:
        raise BundleError(f"{archive.name} is not unpacked: {error.strerror or error}") from error


def _unpack(file: BinaryIO, into: Path, limits: Limits) -> Unpacked:
    if os.path.lexists(into):
        raise BundleError(f"{into} is there already")
    if os.fstat(file.fileno()).st_size > limits.total:
        raise BundleError(f"it is larger than {_size(limits.total)}")
    entries = read_entries(file, sealed(file).content, limits.files)
    into.parent.mkdir(parents=True, exist_ok=True)
    held = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=into.parent))
    try:
        held.chmod(0o755)
        total = _Purse(limits).spend_all(file, entries, held)
        digest = _sha256(file)
        held.rename(into)
    except BaseException:
        shutil.rmtree(held, ignore_errors=True)
        raise
    return Unpacked(sum(not entry.is_folder for entry in entries), total, digest)


class _Purse:
    """What may still be written."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._written = 0
        self._read = 0

    def spend_all(self, file: BinaryIO, entries: tuple[Entry, ...], folder: Path) -> int:
        for entry in entries:
            if entry.size > self._limits.one:
                raise refuse_entry(entry.name, f"it is larger than {_size(self._limits.one)}")
        for entry in entries:
            path = folder.joinpath(*entry.parts)
            (path if entry.is_folder else path.parent).mkdir(mode=0o755, parents=True, exist_ok=True)
            if not entry.is_folder:
                self._write(file, entry, path)
        return self._written

    def _write(self, file: BinaryIO, entry: Entry, path: Path) -> None:
        # The folder is new and no entry is a link, so nothing can stand in this place.
        mode = 0o755 if entry.is_program else 0o644
        size, crc = 0, 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as out:
            for chunk in _contents(file, entry):
                size += len(chunk)
                crc = zlib.crc32(chunk, crc)
                self._count(entry, size, len(chunk))
                out.write(chunk)
            os.fchmod(out.fileno(), mode)  # whatever the umask says: it is part of the contents
        if size != entry.size or crc != entry.crc:
            raise refuse_entry(entry.name, "its contents are not those that its checksum belongs to")
        self._read += entry.packed

    def _count(self, entry: Entry, size: int, more: int) -> None:
        limits = self._limits
        self._written += more
        if size > entry.size:
            raise refuse_entry(entry.name, "it is larger than it says")
        if self._written > limits.total:
            raise refuse_entry(entry.name, f"with it the bundle is larger than {_size(limits.total)}")
        packed = self._read + entry.packed
        one = size > limits.ratio_from and size > entry.packed * limits.ratio
        if one or (self._written > limits.ratio_from and self._written > packed * limits.ratio):
            raise refuse_entry(entry.name, f"it swells to more than {limits.ratio} times its size, as bombs do")


def _contents(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    file.seek(entry.start)
    left = entry.packed
    if entry.method != DEFLATED:
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
        return
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while left and not inflate.eof and (raw := file.read(min(_CHUNK, left))):
            left -= len(raw)
            while raw and not inflate.eof:
                yield inflate.decompress(raw, _CHUNK)
                raw = inflate.unconsumed_tail
        # What it still held back without having wanted more to read.
        while not inflate.eof and (chunk := inflate.decompress(b"", _CHUNK)):
            yield chunk
    except zlib.error:
        raise refuse_entry(entry.name, "its contents are damaged") from None
    if not inflate.eof or inflate.unused_data or left:
        raise refuse_entry(entry.name, "its contents end elsewhere than they should")


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = sha256()
    while chunk := file.read(_MIB):
        digest.update(chunk)
    return digest.hexdigest()


def _size(count: int) -> str:
    return f"{count // _MIB:,} MiB" if count >= _MIB else f"{count:,} bytes"
