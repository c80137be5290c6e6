"""Makes pictures that are too large small enough, with the optional Pillow. Must not know conversations."""

from __future__ import annotations

import base64
from binascii import Error as NotBase64
from typing import TYPE_CHECKING

from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Image

if TYPE_CHECKING:
    from coder.tools import extras, images
else:
    extras = LazyModule("coder.tools.extras")
    images = LazyModule("coder.tools.images")


def shrunk(image: Image) -> Image | None:
    """None when it is no picture, or Pillow is not installed and it is too large as it is."""
    try:
        return images.prepare(base64.b64decode(image.data), extras.optional(images.PILLOW)).block
    except (NotBase64, ValueError, ToolError):
        return None
