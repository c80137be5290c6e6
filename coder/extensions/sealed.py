"""Where the signature of a bundle begins: a block after the archive's end. Must not know what a signature is worth."""

from __future__ import annotations

from typing import BinaryIO

from coder.core.dataclass import dataclass
from coder.extensions.errors import BundleError

HEADER = b"MCPB_SIG_V1"
FOOTER = b"MCPB_SIG_END"
_MOST = 256 * 1024  # a chain of certificates is some kilobytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """The archive proper is the first `content` bytes; `der` is the signature on them, None for a file without one."""

    content: int
    der: bytes | None = None


def sealed(file: BinaryIO) -> Sealed:
    """How the file is made up. Raises BundleError for a block that is cut or does not fit its length."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _MOST))
    tail = file.read(_MOST)
    if not tail.endswith(FOOTER):
        return Sealed(size)
    end = len(tail) - len(FOOTER)
    at = tail.rfind(HEADER, 0, end)
    while at >= 0:
        start = at + len(HEADER) + 4
        if start + int.from_bytes(tail[start - 4 : start], "little") == end:
            return Sealed(size - len(tail) + at, tail[start:end])
        at = tail.rfind(HEADER, 0, at)
    raise BundleError("its signature is damaged: the file ends like a signed one, but no whole signature is there")
