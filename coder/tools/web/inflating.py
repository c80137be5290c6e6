"""Takes a body out of its compression as it comes, counting what comes out: a bomb ends at the limit, not after it."""

from __future__ import annotations

import zlib

from coder.core.errors import ToolError
from coder.core.visible import visible_line

ACCEPTED = "gzip, deflate"
_GZIP, _ANY, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class TooMuch(Exception):
    """More came out than there is room for."""


class Inflating:
    """Raises ToolError for an encoding that was not asked for, or that is damaged."""

    def __init__(self, encoding: str, limit: int) -> None:
        names = [name for part in encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
        if len(names) > 1 or (names and names[0] not in ("gzip", "x-gzip", "deflate")):
            shown = visible_line(encoding)[:40]
            raise ToolError(f"the server packed the page in a way that was not asked for ({shown}).")
        self._name = names[0] if names else ""
        self._stream = zlib.decompressobj(_GZIP) if self._name.endswith("gzip") else None
        self._limit = limit
        self._came = 0
        self._held = b""
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Raises TooMuch at the limit, whether it is reached by what comes or by what comes out of it."""
        self._came += len(chunk)
        room = self._limit - len(self._body) + 1
        self._body += self._inflated(chunk, room) if self._name else chunk[:room]
        if len(self._body) > self._limit or self._came > self._limit:
            raise TooMuch

    @property
    def body(self) -> bytes:
        return bytes(self._body)

    def _inflated(self, chunk: bytes, room: int) -> bytes:
        if self._stream is None:  # deflate: with a header, or as some servers send it, without
            chunk = self._held + chunk
            if len(chunk) < 2:
                self._held = chunk
                return b""
            has_header = chunk[0] & 0x0F == 8 and (chunk[0] << 8 | chunk[1]) % 31 == 0
            self._stream = zlib.decompressobj(_ANY if has_header else _RAW)
        if self._stream.eof:  # what follows belongs to nothing
            return b""
        try:
            return self._stream.decompress(chunk, room)
        except zlib.error as error:
            raise ToolError("the page is packed, and damaged.") from error
