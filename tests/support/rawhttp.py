"""A loopback HTTP server whose answers are given byte by byte: cuts, stalls, redirects, HTML. Knows no API rules."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, TypeAlias

Step: TypeAlias = bytes | Literal["stall", "abort", "close"]
Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        value: Json = json.loads(self.body)
        return value


@dataclass(slots=True)
class RawHttp:
    """Answers each request with the next of `answers` (the last one again when they run out).

    An answer is a sequence of byte strings and words: "stall" waits until the client is gone, "abort" resets the
    connection, "close" ends it in an orderly way. Without one of them the connection is kept for the next request.
    """

    answers: Sequence[Sequence[Step]] = ()
    requests: list[Received] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    connections: int = 0
    host: str = ""
    _server: asyncio.Server | None = None
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> RawHttp:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._clients):
            writer.transport.abort()
        await self._server.wait_closed()
        while self._clients:
            await asyncio.sleep(0)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}"

    async def client_gone(self) -> None:
        """Wait until a client has hung up during a stall."""
        await self._gone.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._clients.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._clients.discard(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await reader.readexactly(1)
        if not first.isalpha():  # a TLS greeting: answer it as a plain server does
            writer.write(_head(400, {"content-length": "0"}))
            return False
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        steps = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(Received(method, target, headers, body))
        for step in steps:
            if step == "stall":
                await reader.read()
                self._gone.set()
                return False
            if step == "abort":
                writer.transport.abort()
                return False
            if step == "close":
                return False
            assert isinstance(step, bytes)
            writer.write(step)
            await writer.drain()
        return True


def answer(status: int, body: bytes | Json, headers: dict[str, str] | None = None, media_type: str = "") -> list[Step]:
    """One whole HTTP answer; a dict is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = media_type or ("text/plain" if isinstance(body, bytes) else "application/json")
    fields = {"content-type": kind, "content-length": str(len(content)), **(headers or {})}
    return [_head(status, fields) + content]


def failure(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> list[Step]:
    """An error in the Messages API's shape."""
    raw = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_body"}
    return answer(status, raw, {"request-id": "req_1", **(headers or {})})


def stream(events: Iterable[Json], *, end: Step | None = b"0\r\n\r\n") -> list[Step]:
    """An SSE answer in chunked coding, one chunk an event. `end` closes it; None leaves the body open."""
    steps: list[Step] = [_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})]
    steps.extend(chunk(sse(event)) for event in events)
    return steps if end is None else [*steps, end]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(event: Json) -> bytes:
    return f"event: {event.get('type', 'message')}\ndata: {json.dumps(event)}\n\n".encode()


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def start(message_id: str = "msg_1", model: str = "claude-sonnet-5-5", **usage: Any) -> Json:
    """A message_start event."""
    counts = {"input_tokens": 10, "output_tokens": 1, **usage}
    message: Json = {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }
    return {"type": "message_start", "message": message}


def block(index: int, content: Json, *deltas: Json) -> list[Json]:
    """A content block from start to stop."""
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *pieces: str) -> list[Json]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def tool_block(index: int, call_id: str, name: str, *pieces: str) -> list[Json]:
    content = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    return block(index, content, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def stop(reason: str | None = "end_turn", **usage: Any) -> list[Json]:
    """The message_delta and message_stop events."""
    counts = {"output_tokens": 20, **usage}
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [{"type": "message_delta", "delta": delta, "usage": counts}, {"type": "message_stop"}]


def reply(*blocks: list[Json], reason: str | None = "end_turn") -> list[Json]:
    """All events of one reply."""
    return [start(), *(event for events in blocks for event in events), *stop(reason)]
