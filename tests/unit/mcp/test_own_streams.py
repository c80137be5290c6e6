"""The standard streams of coder as a server: what comes in whole, what is answered to the rest, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from coder.core.messages import Json
from coder.mcp import library
from coder.mcp.carrier import MOST
from coder.mcp.own_streams import OwnStreams


class Other:
    """The other side: what it writes, and the lines it reads."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = os.fdopen(reads, "rb")
        self._writes = os.fdopen(writes, "wb")

    async def write(self, data: bytes) -> None:
        await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        self._writes.write(data)
        self._writes.flush()

    async def line(self) -> Json:
        read: Json = json.loads(await asyncio.to_thread(self._reads.readline))
        return read

    def leave(self) -> None:
        self._writes.close()

    def close(self) -> None:
        self._writes.close()
        self._reads.close()


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Any, Any, Other, OwnStreams]]:
    await library.load()
    (ours, theirs), (reads, writes) = os.pipe(), os.pipe()
    other, streams = Other(reads, theirs), OwnStreams(ours, writes, flush=0.05)
    async with streams as (read, write):
        yield read, write, other, streams
    other.close()


def ping(id: object, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": "ping", "params": params}).encode() + b"\n"


@pytest.mark.behaviour("B-1814")
@pytest.mark.parametrize(
    ("line", "id", "code"),
    [
        (b"no json\n", None, -32700),
        (b"\xff\xfe\n", None, -32700),
        (b"[" * 100_000 + b"\n", None, -32700),
        (b'{"jsonrpc": "2.0", "id": 7, "result": 1}\n', None, -32700),  # an answer has no answer
        (b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}\n', 7, -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": 1}\n', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 8, "method": "' + b"x" * MOST + b'"}\n', 8, -32600),
    ],
    ids=["words", "bytes", "deep", "answer", "old", "odd", "long"],
)
async def test_what_is_no_message_is_answered_and_the_next_one_is_read(line: bytes, id: object, code: int) -> None:
    async with talking() as (read, _, other, _streams):
        await other.write(line)
        refused = await other.line()
        assert (refused["id"], refused["error"]["code"]) == (id, code)
        await other.write(b"\n" + ping(9))
        assert (await read.receive()).message.id == 9


async def test_half_a_character_is_read_as_a_mark(tmp_path: object) -> None:
    async with talking() as (read, _, other, _streams):
        await other.write(ping(1, name="\udcff"))
        assert (await read.receive()).message.params == {"name": "?"}
        other.leave()
        with pytest.raises(library.anyio.EndOfStream):
            await read.receive()


async def test_whoever_reads_nothing_keeps_nothing_from_ending() -> None:
    async with talking() as (_read, write, other, _streams):
        big = library.mcp_types.JSONRPCNotification(jsonrpc="2.0", method="x" * (1 << 20))
        await write.send(library.message.SessionMessage(big))
        await other.write(ping(1) * 500)  # nor whoever talks on and on
