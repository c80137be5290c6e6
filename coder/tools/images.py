"""Pictures for the model: told by their bytes, checked, made small enough. Must not know tools or paths.

A picture the API refuses would stay in the history and break every later request, so what is not surely whole and
within the API's limits is never sent.
"""

from __future__ import annotations

import base64
import io
import zlib
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Image
from coder.core.pictures import Picture, identify
from coder.tools.extras import install_hint

_EDGE = 1_568  # pixels; the model sees no more
_SENT_AS_IS = 500 << 10  # bytes
_MOST_BYTES = 5 * (1 << 20) * 3 // 4  # the API's 5 MB are counted in base64
_MOST_EDGE = 2_000  # the API's limit once a request has many pictures
_MOST_PIXELS = 40_000_000  # what may be held unpacked

PILLOW = "PIL.Image"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to send; `shown` has the size sent, `original` the size found."""

    block: Image
    original: Picture
    shown: Picture


def prepare(data: bytes, pillow: Any | None) -> Prepared:
    """Checks and, where needed, shrinks. `pillow` is the module PIL.Image or None. Blocks.

    Raises ToolError saying why the picture cannot be shown.
    """
    picture = identify(data)
    if picture is None or not (picture.width and picture.height):
        raise ToolError("this picture cannot be shown: its size cannot be read, so it is damaged.")
    _check_size(picture.width, picture.height)
    is_whole = _is_whole(data, picture)
    is_small = max(picture.width, picture.height) <= _EDGE and len(data) <= _SENT_AS_IS
    if pillow is not None:
        return _with_pillow(data, picture, pillow, is_small and is_whole)
    if not is_whole:
        raise ToolError("this picture cannot be shown: it is damaged or incomplete.")
    if is_small or (max(picture.width, picture.height) <= _MOST_EDGE and len(data) <= _MOST_BYTES):
        return _prepared(data, picture, picture)
    raise ToolError(
        f"this picture is too large to be sent as it is ({picture.width}x{picture.height}, {len(data):,} bytes) and "
        f"shrinking pictures is not installed. {install_hint('images')}"
    )


def _check_size(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise ToolError(f"this picture is too large to be shown: {width}x{height} pixels. Make a smaller copy first.")


def _prepared(data: bytes, original: Picture, shown: Picture) -> Prepared:
    return Prepared(Image(shown.media_type, base64.b64encode(data).decode("ascii")), original, shown)


def _with_pillow(data: bytes, picture: Picture, pillow: Any, is_fit: bool) -> Prepared:
    pillow.MAX_IMAGE_PIXELS = None  # its own limit is higher, and it warns on the terminal before it
    try:
        with pillow.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            _check_size(*image.size)  # a GIF may hold a frame that is larger than itself
            image.load()
            if is_fit:
                return _prepared(data, picture, picture)
            made = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGBA")
            made.thumbnail((_EDGE, _EDGE))
            return _encoded(made, picture, pillow)
    except (OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError, zlib.error) as error:
        raise ToolError(f"this picture cannot be shown: it is damaged ({error}).") from error


def _encoded(image: Any, original: Picture, pillow: Any) -> Prepared:
    """PNG when that is small enough (screenshots stay sharp), else JPEG on white."""
    out = io.BytesIO()
    if original.media_type == "image/png":
        image.save(out, "PNG", optimize=True)
    if not 0 < out.tell() <= _SENT_AS_IS:
        if image.mode == "RGBA":
            ground = pillow.new("RGB", image.size, "white")
            ground.paste(image, mask=image.getchannel("A"))
            image = ground
        out = io.BytesIO()
        image.save(out, "JPEG", quality=85)
        return _prepared(out.getvalue(), original, Picture("image/jpeg", *image.size))
    return _prepared(out.getvalue(), original, Picture("image/png", *image.size))


def _is_whole(data: bytes, picture: Picture) -> bool:
    """Whether the file's own structure runs to its end."""
    match picture.media_type:
        case "image/png":
            return _is_whole_png(data)
        case "image/jpeg":
            return data.rstrip(b"\0\r\n ").endswith(b"\xff\xd9")
        case "image/gif":
            return _is_whole_gif(data)
        case _:
            return int.from_bytes(data[4:8], "little") + 8 <= len(data)


def _is_whole_png(data: bytes) -> bool:
    at, has_data = 8, False
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if end + 4 > len(data) or zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if kind == b"IEND":
            return has_data
        has_data = has_data or kind == b"IDAT"
        at = end + 4
    return False


def _is_whole_gif(data: bytes) -> bool:
    at = 13 + _colours(data[10])
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x21:
            at += 2
        elif data[at] == 0x2C and at + 10 < len(data):
            at += 11 + _colours(data[at + 9])
        else:
            return False
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at < len(data)


def _colours(flags: int) -> int:
    """The bytes of the colour table that follows."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
