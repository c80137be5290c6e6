"""Zip archives written byte by byte, so that each field can lie. Knows the format, and nothing of who reads it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

FILE, FOLDER, LINK, PIPE, DEVICE = 0o100644, 0o040755, 0o120777, 0o010644, 0o060644
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True)
class Piece:
    """One entry. What is None is told as it is; `local_name` and `local_size` are what stands before the data."""

    name: str | bytes
    data: bytes = b""
    mode: int = FILE
    method: int = 8
    flags: int = 0x800
    system: int = 3
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    at: int | None = None
    raw: bytes | None = None
    extra: bytes = b""
    disk: int = 0


@dataclass(frozen=True)
class End:
    count: int | None = None
    here: int | None = None
    disk: int = 0
    table: int | None = None
    size: int | None = None
    comment: bytes = b""
    comment_length: int | None = None
    before: bytes = b""
    after: bytes = b""
    locator: bytes = b""
    between: bytes = b""


def raw_zip(pieces: Sequence[Piece], end: End = End()) -> bytes:
    body = bytearray(end.before)
    rows = []
    for piece in pieces:
        name = piece.name.encode() if isinstance(piece.name, str) else piece.name
        raw = piece.raw
        if raw is None:
            raw = _deflated(piece.data) if piece.method == 8 else piece.data
        crc = zlib.crc32(piece.data) if piece.crc is None else piece.crc
        size = len(piece.data) if piece.size is None else piece.size
        packed = len(raw) if piece.packed is None else piece.packed
        at = len(body) if piece.at is None else piece.at
        local = name if piece.local_name is None else piece.local_name
        told = size if piece.local_size is None else piece.local_size
        before = (b"PK\3\4", 20, piece.flags, piece.method, 0, 33)
        body += _LOCAL.pack(*before, crc, packed, told, len(local), 0)
        body += local + raw
        rows.append(
            struct.pack(
                "<4s6H3L5H2L", b"PK\1\2", piece.system << 8 | 20, 20, piece.flags, piece.method, 0, 33, crc, packed,
                size, len(name), len(piece.extra), 0, piece.disk, 0, piece.mode << 16, at,
            ) + name + piece.extra
        )  # fmt: skip
    table = len(body)
    rows_bytes = b"".join(rows)
    body += rows_bytes + end.between + end.locator
    count = len(pieces) if end.count is None else end.count
    body += struct.pack(
        "<4s4H2LH", b"PK\5\6", end.disk, 0, count if end.here is None else end.here, count,
        len(rows_bytes) if end.size is None else end.size, table if end.table is None else end.table,
        len(end.comment) if end.comment_length is None else end.comment_length,
    )  # fmt: skip
    return bytes(body + end.comment + end.after)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
