"""Lines in, JSON objects out: what a host writes to us. Knows bytes only; must not know what a message means."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator

from coder.core.messages import Json

LONGEST = 64 * 1024 * 1024
"""Bytes of one line: a picture or a document may be in it, and an `initialize` with many agents."""

_CHUNK = 256 * 1024


async def lines(fd: int) -> AsyncIterator[bytes]:
    """The lines of a descriptor, without their ends, until it ends; the last one may lack its own. One over LONGEST is
    left out, and stands as an empty one. Read in a thread: a descriptor may be a file, and must not become
    non-blocking for whoever shares it."""
    held = bytearray()
    is_over = False
    while chunk := await asyncio.to_thread(_read, fd):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield b"" if is_over else bytes(held + part)
            held.clear()
            is_over = False
        held += rest
        if len(held) > LONGEST:
            held.clear()
            is_over = True
    if held:
        yield bytes(held)


def decoded(line: bytes) -> Json | None:
    """The object of a line; None for a blank one. Raises ValueError, with what is wrong, for anything else."""
    text = line.decode("utf-8", "replace").strip()
    if not text:
        return None
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # the value of a line, not of an argument
    return found


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except OSError:  # whoever wrote it has left
        return b""
