"""A server at an address of the transport of two channels, by hand. What calls of its tool are answered is set."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_OVER = "over"


class TwoChannels(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 202  # of every call of a tool
        self.channels: list[queue.Queue[Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sse"


@contextmanager
def two_channels() -> Iterator[TwoChannels]:
    server = TwoChannels()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for channel in server.channels:
            channel.put(_OVER)
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: TwoChannels

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        channel: queue.Queue[Any] = queue.Queue()
        self.server.channels.append(channel)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self._say("endpoint", f"/messages/{len(self.server.channels) - 1}")
        while (said := channel.get()) != _OVER:
            if not self._say("message", json.dumps(said)):
                return

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        method = given.get("method")
        status = self.server.status if method == "tools/call" else 202
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        if status != 202 or "id" not in given:
            return
        answer: dict[str, Any] = {"error": {"code": -32601, "message": "no"}}
        match method:
            case "initialize":
                info = {"name": "remote", "version": "1"}
                about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
                answer = {"result": about}
            case "tools/list":
                answer = {"result": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}}
            case "tools/call":
                text = given["params"]["arguments"]["text"]
                answer = {"result": {"content": [{"type": "text", "text": text}]}}
        channel = self.server.channels[int(self.path.rpartition("/")[2])]
        channel.put({"jsonrpc": "2.0", "id": given["id"], **answer})

    def _say(self, event: str, data: str) -> bool:
        try:
            self.wfile.write(f"event: {event}\ndata: {data}\n\n".encode())
            self.wfile.flush()
        except OSError:
            return False
        return True
