"""A loopback server that only judges keys: who came with what, and was it the right one. Knows nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_EVENTS: tuple[dict[str, Any], ...] = (
    {
        "type": "message_start",
        "message": {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {}},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)


@dataclass(slots=True)
class KeyServer:
    """`wanted` "" takes everybody. `asked` are the paths and the keys that came with them; `models` the names."""

    wanted: str = ""
    can_count: bool = True
    knows_messages: bool = True
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def key_server(wanted: str = "", *, can_count: bool = True, knows_messages: bool = True) -> Iterator[KeyServer]:
    seen = KeyServer(wanted, can_count, knows_messages)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(seen))
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(seen: KeyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            key = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            seen.asked.append((self.path, key))
            seen.models.append(str(body.get("model")))
            if seen.wanted and key != seen.wanted:
                self._answer(401, {"type": "error", "error": {"type": "authentication_error", "message": _WRONG}})
            elif self.path.endswith("/count_tokens") and seen.can_count:
                self._answer(200, {"input_tokens": 3})
            elif self.path.endswith("/messages") and seen.knows_messages:
                lines = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in _EVENTS)
                self._send(200, "text/event-stream", lines.encode())
            else:
                self._answer(404, {"error": "no such page"})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            self._send(status, "application/json", json.dumps(body).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


_WRONG = "invalid x-api-key"
