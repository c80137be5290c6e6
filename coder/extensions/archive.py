"""Reads the table of a zip archive, strictly: one that two readers could take for different things is refused.

An own reader, since that of the standard library is lenient (it skips what stands before the archive, takes the last of
two tables, believes sizes). Must not know where the entries are to go, nor what is in them.
"""

from __future__ import annotations

import stat
import struct
from typing import BinaryIO

from coder.core.dataclass import dataclass
from coder.extensions.entry_names import Taken, decoded, parts_of, refuse_entry
from coder.extensions.errors import BundleError

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2LH")
_ROW = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # also "strong", and names hidden
_PATCH = 0x20
_AFTERWARDS = 0x8  # sizes stand behind the data, not before
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF  # "look in the zip64 part"
_MOST_TABLE = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder. `size` and `crc` are what the archive says; whoever unpacks counts himself."""

    parts: tuple[str, ...]
    is_folder: bool
    is_program: bool
    method: int
    start: int
    packed: int
    size: int
    crc: int

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class _Row:
    name: bytes
    parts: tuple[str, ...]
    is_folder: bool
    is_program: bool
    flags: int
    method: int
    header: int
    packed: int
    size: int
    crc: int


def read_entries(file: BinaryIO, length: int, most: int) -> tuple[Entry, ...]:
    """The entries of the archive that is the first `length` bytes, at most `most`. Raises BundleError."""
    count, table, end = _find_end(file, length, most)
    file.seek(table)
    rows = _rows(file.read(end - table), count)
    taken = Taken()
    for row in rows:
        taken.add(row.parts, folder=row.is_folder)
        if taken.folders > most:
            raise BundleError(f"it makes more than {most:,} folders")
    entries = tuple(_entry(file, row, table) for row in rows)
    _apart(rows, entries)
    return entries


def _find_end(file: BinaryIO, length: int, most: int) -> tuple[int, int, int]:
    """How many entries there are, and where their table begins and ends."""
    back = min(length, _END.size + _FULL16)
    file.seek(length - back)
    tail = file.read(back)
    fitting = []
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if at + _END.size <= back and at + _END.size + _END.unpack_from(tail, at)[7] == back:
            fitting.append(at)
        at = tail.rfind(b"PK\5\6", 0, at)
    if not fitting:
        raise BundleError("it is no zip archive, or it is cut off, or something was put behind its end")
    if len(fitting) > 1:
        raise BundleError("it has two ends, so two readers could see two archives in it")
    _, disk, first, here, count, size, table, _ = _END.unpack_from(tail, fitting[0])
    end = length - back + fitting[0]
    if disk or first or here != count:
        raise BundleError("it is one part of an archive in several parts")
    if count == _FULL16 or _FULL32 in (size, table) or tail[max(0, fitting[0] - 20) : fitting[0]].startswith(b"PK\6\7"):
        raise BundleError("it is a zip64 archive; a bundle is smaller than what needs that")
    if count > most:
        raise BundleError(f"it holds {count:,} files; at most {most:,} are taken")
    if table + size != end or size > _MOST_TABLE:
        raise BundleError("its table does not stand where it says")
    return count, table, end


def _rows(table: bytes, count: int) -> list[_Row]:
    rows = []
    at = 0
    for _ in range(count):
        if at + _ROW.size > len(table):
            raise BundleError("its table is cut off")
        row = _ROW.unpack_from(table, at)
        start = at + _ROW.size
        at = start + row[10] + row[11] + row[12]
        if row[0] != b"PK\1\2" or at > len(table):
            raise BundleError("its table is damaged")
        rows.append(_row(row, table[start : start + row[10]]))
    if at != len(table):
        raise BundleError("its table holds more than it says")
    return rows


def _row(row: tuple[int, ...], raw: bytes) -> _Row:
    flags, method, crc, packed, size = row[3], row[4], row[7], row[8], row[9]
    name = decoded(raw)
    parts = parts_of(name)
    is_folder = name.endswith("/")
    if flags & _ENCRYPTED:
        raise refuse_entry(name, "it is encrypted")
    if flags & _PATCH or method not in (STORED, DEFLATED):
        raise refuse_entry(name, f"it is packed by a method that is not taken ({method})")
    if _FULL32 in (packed, size, row[16]):
        raise refuse_entry(name, "its size is that of a zip64 archive")
    if row[13]:
        raise refuse_entry(name, "it is on another part of the archive")
    mode = row[15] >> 16
    _check_kind(name, mode, is_folder=is_folder)
    if is_folder and size:
        raise refuse_entry(name, "it is a folder with contents of its own")
    if method == STORED and packed != size:
        raise refuse_entry(name, "its sizes contradict each other")
    return _Row(raw, parts, is_folder, bool(mode & 0o111) and not is_folder, flags, method, row[16], packed, size, crc)


def _check_kind(name: str, mode: int, *, is_folder: bool) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise refuse_entry(name, "it is a link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refuse_entry(name, "it is a device, a pipe or a socket")
    if kind and (kind == stat.S_IFDIR) != is_folder:
        raise refuse_entry(name, "it is said to be a file and a folder")


def _entry(file: BinaryIO, row: _Row, table: int) -> Entry:
    """The entry, by what stands before its data; that has to be the same as in the table."""
    name = row.name.decode()
    file.seek(row.header)
    head = file.read(_LOCAL.size)
    if row.header + _LOCAL.size > table or head[:4] != b"PK\3\4":
        raise refuse_entry(name, "it does not stand where the table says")
    _, _, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack(head)
    if file.read(named) != row.name or method != row.method or flags & _ENCRYPTED:
        raise refuse_entry(name, "the table says something else of it than it does itself")
    later = bool(flags & _AFTERWARDS)
    told = (crc, packed, size)
    # A packer that does not know them yet writes 0, or "look in the zip64 part".
    if told != (row.crc, row.packed, row.size) and not (later and set(told) <= {0, _FULL32}):
        raise refuse_entry(name, "the table gives it another size than it does itself")
    start = row.header + _LOCAL.size + named + extra
    if start + row.packed > table:
        raise refuse_entry(name, "it reaches into the table")
    return Entry(row.parts, row.is_folder, row.is_program, row.method, start, row.packed, row.size, row.crc)


def _apart(rows: list[_Row], entries: tuple[Entry, ...]) -> None:
    """Entries that share bytes are how small archives become endless."""
    free = 0
    for row, entry in sorted(zip(rows, entries, strict=True), key=lambda pair: pair[0].header):
        if row.header < free:
            raise refuse_entry(entry.name, "it overlaps another one")
        free = entry.start + entry.packed
