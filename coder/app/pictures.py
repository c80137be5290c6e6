"""Pictures for the model: those a person names; those too large made small enough, with the optional Pillow.

Must not know conversations.
"""

from __future__ import annotations

import base64
import os
import stat
from binascii import Error as NotBase64
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.errors import SessionError, ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Image
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.tools import extras, images
else:
    extras = LazyModule("coder.tools.extras")
    images = LazyModule("coder.tools.images")

_MOST_BYTES = 64 << 20  # of a file that is looked at at all


def shrunk(image: Image) -> Image | None:
    """None when it is no picture, or Pillow is not installed and it is too large as it is."""
    try:
        return images.prepare(base64.b64decode(image.data), extras.optional(images.PILLOW)).block
    except (NotBase64, ValueError, ToolError):
        return None


def picture(path: Path) -> Image:
    """The picture in a file, ready to be sent. Blocks. Raises SessionError that names the file."""
    name = visible_line(str(path))
    try:
        data = _read(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SessionError(f"{name} cannot be sent: {why}. Name a PNG, JPEG, GIF or WebP file.") from error
    try:
        block: Image = images.prepare(data, extras.optional(images.PILLOW)).block
    except ToolError as error:
        raise SessionError(f"{name} cannot be sent: {error}") from error
    return block


def _read(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is no file")
        if found.st_size > _MOST_BYTES:
            raise OSError(0, f"it has more than {_MOST_BYTES >> 20} MB")
        return file.read(_MOST_BYTES) or b""
