"""Pictures for tests, made by hand: a PNG of any size in a few bytes."""

from __future__ import annotations

import base64
import struct
import zlib

from coder.core.messages import Image


def png(width: int, height: int, padding: int = 0) -> Image:
    """One grey PNG; `padding` bytes more in a chunk that viewers pass over."""
    row = b"\0" + b"\x80" * width
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        *([(b"tEXt", b"pad\0" + b"x" * padding)] if padding else []),
        (b"IDAT", zlib.compress(row * height, 1)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return Image("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii"))
