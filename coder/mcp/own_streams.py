"""The standard streams of coder itself as a way for messages, one a line, when it is the server. Must not know what is
said.

Not the library's own: that one cannot bound a line, and a thread of it that still reads keeps the process from ending.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from coder.mcp.carrier import MOST
from coder.mcp.library import anyio, mcp_types, message
from coder.mcp.lines import Lines, TooLong, TooMuch

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream
    from mcp.shared.message import SessionMessage

    from coder.mcp.carrier import Streams

    _Taken: TypeAlias = tuple[SessionMessage | None, SessionMessage | None]

_CHUNK = 1 << 16
_WAITING = 64
_FLUSH = 2.0  # seconds for what was said last to be taken by whoever reads


def claimed() -> tuple[int, int]:
    """Standard input and output under other numbers, for us alone: what else is printed goes to standard error, and
    what is started here reads nothing of it."""
    reads, writes = (fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3) for number in (0, 1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(nothing, 1)
    os.close(nothing)
    return reads, writes


class OwnStreams:
    """Entered and left once, in one task, after the library is loaded. `problem` says why it ended, where it was not
    the other side that left; `flush` is how long the last that was said may take to be read."""

    def __init__(self, reads: int, writes: int, flush: float = _FLUSH) -> None:
        self._reads, self._writes, self._flush = reads, writes, flush
        self._room = threading.Semaphore(_WAITING)  # who sends faster than we work has to wait
        self._has_left = False
        self._out: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self.problem = ""

    async def __aenter__(self) -> Streams:
        self._loop = asyncio.get_running_loop()
        self._heard, read = anyio.create_memory_object_stream["SessionMessage | Exception"](_WAITING)
        write, said = anyio.create_memory_object_stream["SessionMessage"](_WAITING)
        self._streams = (self._heard, read, write, said)
        for number in (self._reads, self._writes):
            os.set_blocking(number, True)
        self._coming: asyncio.Queue[_Taken | None] = asyncio.Queue()
        self._hearing = asyncio.create_task(self._hear())
        self._speaking = asyncio.create_task(self._speak(said))
        # Daemons: one that waits for the other side must not keep the process from ending.
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()
        return read, write

    async def __aexit__(self, *exception: object) -> None:
        self._streams[2].close()
        await asyncio.wait({self._speaking}, timeout=self._flush)
        self._has_left = True
        self._room.release()
        self._out.put(None)
        for task in (self._hearing, self._speaking):
            task.cancel()
        await asyncio.wait({self._hearing, self._speaking})
        for stream in self._streams:
            stream.close()

    def _listen(self) -> None:
        lines = Lines()
        try:
            while chunk := os.read(self._reads, _CHUNK):
                for line in lines.fed(chunk):
                    taken = _taken(line)
                    self._room.acquire()
                    if self._has_left:
                        return
                    self._tell(self._coming.put_nowait, taken)
        except TooMuch as error:
            self.problem = f"the client {error}"
        except OSError as error:
            self.problem = f"what the client says cannot be read: {error.strerror or error}"
        self._tell(self._coming.put_nowait, None)

    async def _hear(self) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while (taken := await self._coming.get()) is not None:
                said, refused = taken
                if refused is not None:
                    await self._streams[2].send(refused)
                elif said is not None:
                    await self._heard.send(said)
                self._room.release()
        self._heard.close()

    async def _speak(self, said: MemoryObjectReceiveStream[SessionMessage]) -> None:
        with suppress(anyio.ClosedResourceError):
            async for one in said:
                text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                written = self._loop.create_future()
                self._out.put((text.encode("utf-8", "replace") + b"\n", written))
                await written

    def _write(self) -> None:
        while (item := self._out.get()) is not None:
            data, written = item
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._writes, view) :]
            except OSError:  # nobody reads any more
                self._tell(self._heard.close)
            self._tell(_settle, written)

    def _tell(self, what: object, *given: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(what, *given)  # type: ignore[arg-type]  # a callable and what it takes


def _settle(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_result(None)


def _taken(line: bytes | TooLong) -> _Taken:
    """What was said, or what is answered to something that is no message. An empty line is nothing."""
    if isinstance(line, TooLong):
        why = f"A message of more than {MOST >> 20} MiB is not read."
        return None, _refused(line.number, mcp_types.INVALID_REQUEST, why)
    if not line.strip():
        return None, None
    try:
        return _read(line), None
    except (ValueError, RecursionError):
        return _mended(line)


def _mended(line: bytes) -> _Taken:
    """The same where half a character is all that is wrong with it, such as of a file name that is no text."""
    given: object = None
    try:
        given = json.loads(line)
        return _read(json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")), None
    except (ValueError, RecursionError):
        if not isinstance(given, dict) or "method" not in given:
            return None, _refused(None, mcp_types.PARSE_ERROR, "This is no message of the protocol.")
        id = given.get("id")
        number = id if isinstance(id, int | str) and not isinstance(id, bool) else None
        return None, _refused(number, mcp_types.INVALID_REQUEST, "This is no message of the protocol.")


def _read(line: bytes) -> SessionMessage:
    return message.SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))


def _refused(number: int | str | None, code: int, why: str) -> SessionMessage:
    error = mcp_types.ErrorData(code=code, message=why)
    return message.SessionMessage(mcp_types.JSONRPCError(jsonrpc="2.0", id=number, error=error))
