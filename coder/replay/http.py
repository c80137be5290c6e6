"""A small HTTP/1.1 server on loopback: requests in, answers made of steps out. Must not know the Messages API."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
HEAD_LIMIT = 64 * 1024
DISCARD_LIMIT = 256 * 1024 * 1024
HIGH_WATER = 256 * 1024
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}

Headers: TypeAlias = tuple[tuple[str, str], ...]
Outcome: TypeAlias = Literal["sent", "cut", "left"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Header names are in lower case. `too_large` says that the body was over the limit and thrown away."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Say nothing for so many seconds; None waits until the client leaves."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """End the connection here, by a clean close or by a reset."""

    reset: bool = False


Step: TypeAlias = Send | Wait | Cut


def _ignore(_: Outcome) -> None:
    return


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as a list of steps. `length` None means chunked; `wire_limit` cuts after so many bytes of response,
    head and framing included. `ended` is called once with how it went."""

    status: int = 200
    headers: Headers = ()
    steps: Iterable[Step] | AsyncGenerator[Step, None] = ()
    length: int | None = None
    before: tuple[Step, ...] = ()
    wire_limit: int | None = None
    reset: bool = False
    ended: Callable[[Outcome], None] = field(default=_ignore, compare=False)


Handler: TypeAlias = Callable[[HttpRequest], Awaitable[Answer]]


class _Malformed(Exception):
    """The peer does not speak HTTP/1.1."""


class _End(Exception):
    """The answer ends before it is whole."""

    def __init__(self, outcome: Outcome, reset: bool = False) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome
        self.reset = reset


class HttpServer:
    """Serves `handler` on a loopback address. `start` raises ConfigError when the address cannot be used."""

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0, max_body: int = 32 << 20) -> None:
        if host not in LOOPBACK:
            raise ConfigError(f"the fake API listens on loopback only; {host!r} is not {' or '.join(LOOPBACK)}")
        self._handler = handler
        self._host, self._port, self._max_body = host, port, max_body
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base URL; valid once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(f"cannot listen on {self.url}: {reason}. Choose another port.") from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the listening socket and every connection. Safe to call twice."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = _Connection(reader, writer, self._max_body)
        try:
            await self._converse(connection)
        except (ConnectionError, EOFError):
            pass  # the client is gone; there is nobody to tell
        except asyncio.CancelledError:
            pass  # only `stop` cancels; asyncio's streams would report a cancelled handler as a crash
        finally:
            self._tasks.discard(task)
            await connection.close()

    async def _converse(self, connection: _Connection) -> None:
        keep = True
        while keep:
            try:
                request = await connection.request()
            except _Malformed as error:
                body = f"bad request: {error}\n".encode()
                await connection.respond(
                    Answer(400, (("content-type", "text/plain"),), (Send(body),), len(body)), False
                )
                return
            if request is None:
                return
            keep = request.headers.get("connection", "").lower() != "close" and not request.too_large
            answer = await self._handler(request)
            outcome: Outcome = "left"
            try:
                outcome = await connection.respond(answer, keep)
            finally:
                answer.ended(outcome)
            keep = keep and outcome == "sent"


class _Connection:
    """One client connection: its unread bytes, and what is still to be written."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, max_body: int) -> None:
        self._reader, self._writer, self._max_body = reader, writer, max_body
        self._ahead = bytearray()
        self._left: int | None = None  # bytes that may still be written

    async def request(self) -> HttpRequest | None:
        """The next request, or None when the client has closed. Raises _Malformed."""
        head = await self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise _Malformed(f"not an HTTP/1.1 request line: {first[:80]!r}")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise _Malformed(f"not a header: {line[:80]!r}")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self._body(headers)
        path, _, query = parts[1].partition("?")
        return HttpRequest(parts[0], path, query, headers, body or b"", body is None)

    async def respond(self, answer: Answer, keep: bool) -> Outcome:
        """Performs the steps of `answer`. Raises ConnectionError when the client leaves between two writes."""
        self._left = answer.wire_limit
        try:
            for step in answer.before:
                await self._perform(step, chunked=False, reset=answer.reset)
            await self._put(_head(answer, keep), answer.reset)
            chunked = answer.length is None
            if isinstance(answer.steps, Iterable):
                for step in answer.steps:
                    await self._perform(step, chunked=chunked, reset=answer.reset)
            else:
                async with contextlib.aclosing(answer.steps) as steps:
                    async for step in steps:
                        await self._perform(step, chunked=chunked, reset=answer.reset)
            if chunked:
                await self._put(b"0\r\n\r\n", answer.reset)
            await self._writer.drain()
        except _End as end:
            if end.reset:
                self._reset()
            return end.outcome
        return "sent"

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._writer.wait_closed()

    async def _perform(self, step: Step, *, chunked: bool, reset: bool) -> None:
        match step:
            case Send(data):
                await self._put(b"%x\r\n%b\r\n" % (len(data), data) if chunked and data else data, reset)
            case Wait(seconds):
                await self._writer.drain()
                if not await self._still_there(seconds):
                    raise _End("left")
            case Cut():
                await self._writer.drain()
                raise _End("cut", step.reset)

    async def _put(self, data: bytes, reset: bool) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._writer.write(data)
        if self._left == 0:
            await self._writer.drain()
            raise _End("cut", reset)
        if self._writer.transport.get_write_buffer_size() > HIGH_WATER or self._writer.transport.is_closing():
            await self._writer.drain()

    async def _still_there(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while await self._fill():
                    pass  # an early next request; it is kept
        except TimeoutError:
            return True
        return False

    def _reset(self) -> None:
        sock = self._writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _body(self, headers: Mapping[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await self._chunks()
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError as error:
            raise _Malformed("content-length is not a number") from error
        if length > self._max_body:
            await self._discard(length)
            return None
        return await self._exactly(length)

    async def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            line = await self._until(b"\r\n")
            try:
                size = int((line or b"").split(b";")[0], 16)
            except ValueError as error:
                raise _Malformed("bad chunk size") from error
            if size == 0:
                break
            body += await self._exactly(size)
            await self._exactly(2)
            if len(body) > DISCARD_LIMIT:
                raise _Malformed("body far too large")
        while await self._until(b"\r\n"):
            pass  # trailers
        return bytes(body) if len(body) <= self._max_body else None

    async def _discard(self, length: int) -> None:
        # Reading on lets the client finish sending, so that it sees the answer rather than a reset.
        left = min(length, DISCARD_LIMIT) - len(self._ahead)
        self._ahead.clear()
        while left > 0:
            data = await self._reader.read(min(left, 1 << 20))
            if not data:
                raise EOFError
            left -= len(data)

    async def _fill(self) -> bool:
        data = await self._reader.read(1 << 18)
        self._ahead += data
        return bool(data)

    async def _exactly(self, count: int) -> bytes:
        while len(self._ahead) < count:
            if not await self._fill():
                raise EOFError
        data = bytes(self._ahead[:count])
        del self._ahead[:count]
        return data

    async def _until(self, mark: bytes) -> bytes | None:
        start = 0
        while (at := self._ahead.find(mark, start)) < 0:
            start = max(0, len(self._ahead) - len(mark) + 1)
            if start > HEAD_LIMIT:
                raise _Malformed("request head too large")
            if not await self._fill():
                return None
        data = bytes(self._ahead[:at])
        del self._ahead[: at + len(mark)]
        return data


def _head(answer: Answer, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    lines.append("transfer-encoding: chunked" if answer.length is None else f"content-length: {answer.length}")
    if not keep:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
