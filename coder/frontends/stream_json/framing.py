"""Lines in, JSON objects out: what a host writes to us. Knows bytes only; must not know what a message means."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from coder.core.messages import Json

LONGEST = 64 * 1024 * 1024
"""Bytes of one line: a picture or a document may be in it, and an `initialize` with many agents."""

TOO_LONG = b"\0"  # stands for a line over that; no line of JSON holds it
_CHUNK = 256 * 1024
_AHEAD = 4  # chunks that were read and nobody looked at


async def lines(fd: int) -> AsyncIterator[bytes]:
    """The lines of a descriptor, without their ends, until it ends; the last one may lack its own. TOO_LONG stands for
    one over LONGEST. Not more is read than is taken, but for a little."""
    held: list[bytes] = []  # what is there of the line that has not ended
    size = 0
    async for chunk in _chunks(fd):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield TOO_LONG if size + len(part) > LONGEST else b"".join((*held, part))
            held, size = [], 0
        size += len(rest)
        held.append(rest)
        if size > LONGEST:
            held.clear()  # the line is lost; its end is looked for
    if size:
        yield TOO_LONG if size > LONGEST else b"".join(held)


def decoded(line: bytes) -> Json | None:
    """The object of a line; None for a blank one. Raises ValueError, with what is wrong, for anything else."""
    if line == TOO_LONG:
        raise ValueError(f"it is longer than {LONGEST >> 20} MiB")
    text = line.decode("utf-8", "replace").lstrip("\ufeff").strip()
    if not text:
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON ({error.msg} at character {error.pos + 1})") from None
    except ValueError:
        raise ValueError("it is no JSON that can be read (a number in it is too long)") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # the value of a line, not of an argument
    return found


async def _chunks(fd: int) -> AsyncIterator[bytes]:
    """What can be read, as it comes. Read in a thread that nobody waits for: the descriptor may be a file, must not
    become non-blocking for whoever shares it, and may never end, which must not keep the process from ending."""
    loop = asyncio.get_running_loop()
    come: asyncio.Queue[bytes | MemoryError] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def work() -> None:
        chunk: bytes | MemoryError = b"\n"
        while chunk and not isinstance(chunk, MemoryError):
            room.acquire()
            chunk = _read(fd)
            with suppress(RuntimeError):  # the loop is closed: nobody reads any more
                loop.call_soon_threadsafe(come.put_nowait, chunk)

    threading.Thread(target=work, name="input", daemon=True).start()
    while chunk := await come.get():
        if isinstance(chunk, MemoryError):
            raise chunk
        yield chunk
        room.release()


def _read(fd: int) -> bytes | MemoryError:
    try:
        return os.read(fd, _CHUNK)
    except MemoryError as error:
        return error
    except OSError:  # whoever wrote it has left
        return b""
