"""Reads what a command says, and not more than anybody would want to keep. Must not know what it means."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from coder.conformance.check import Unmet

MOST = 96 << 20  # bytes of one stream
_CHUNK = 1 << 16


async def read_all(stream: asyncio.StreamReader | None, name: str, most: int = MOST) -> bytes:
    """To its end. Raises Unmet when it has none."""
    held = bytearray()
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        held += chunk
        check(len(held), name, most)
    return bytes(held)


def check(size: int, name: str, most: int = MOST) -> None:
    if size > most:
        raise Unmet(f"an end of {name}", f"more than {most >> 20} MiB")


async def talk(process: asyncio.subprocess.Process, stdin: bytes | None) -> tuple[bytes, bytes]:
    """As `communicate`, bounded."""
    tasks = [
        asyncio.ensure_future(read_all(process.stdout, "stdout")),
        asyncio.ensure_future(read_all(process.stderr, "stderr")),
        asyncio.ensure_future(_feed(process, stdin)),
    ]
    try:
        stdout, stderr, _ = await asyncio.gather(*tasks)
        await process.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return bytes(stdout or b""), bytes(stderr or b"")


async def _feed(process: asyncio.subprocess.Process, data: bytes | None) -> None:
    if process.stdin is None:
        return
    with suppress(ConnectionError):  # it need not listen
        process.stdin.write(data or b"")
        await process.stdin.drain()
    with suppress(ConnectionError):
        process.stdin.close()
