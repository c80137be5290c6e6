"""What picture some bytes are and how large, told by their head. Pure; must not know tools or the API's limits."""

from __future__ import annotations

from typing import Any

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def identify(data: bytes) -> Picture | None:
    """What picture these bytes begin, whatever the file is called; None for anything else. Size 0 when unreadable."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture("image/png", *_pair(data[16:24], 4, "big"))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Picture("image/gif", *_pair(data[6:10], 2, "little"))
    if data.startswith(b"\xff\xd8\xff"):
        return Picture("image/jpeg", *_jpeg_size(data))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Picture("image/webp", *_webp_size(data))
    return None


def _pair(data: bytes, width: int, order: Any) -> tuple[int, int]:
    return int.from_bytes(data[:width], order), int.from_bytes(data[width : 2 * width], order)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _pair(data[at + 5 : at + 9], 2, "big")
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X" if len(data) >= 30:
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L" if len(data) >= 25:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            width, height = _pair(data[26:30], 2, "little")
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return 0, 0
