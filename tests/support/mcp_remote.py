"""A server of the older protocol at an address, by hand: what its path says is what goes wrong with it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Remote(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, dict[str, str]]] = []  # what was asked, where, with which headers
        self.sessions = 0
        self.open = threading.Event()  # what "hang" waits for
        self.token = ""  # what must be shown

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


@contextmanager
def remote() -> Iterator[Remote]:
    server = Remote()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.open.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Remote
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(405, {})

    def do_DELETE(self) -> None:
        self.server.seen.append(("DELETE", self.path, {name.lower(): text for name, text in self.headers.items()}))
        self._answer(200, {})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        method, fault = given.get("method", ""), self.path.strip("/")
        self.server.seen.append((method, self.path, {name.lower(): text for name, text in self.headers.items()}))
        if self.server.token and self.headers.get("authorization") != f"Bearer {self.server.token}":
            return self._answer(401, {})
        if fault.isdigit():
            return self._answer(int(fault), {})
        if fault == "redirect":
            return self._answer(307, {}, {"location": "http://other.invalid/mcp"})
        if fault == "hang":
            self.server.open.wait(30)
        if "id" not in given:
            return self._answer(202, {})
        if fault == "page":
            return self._answer(200, {}, {"content-type": "text/html"})
        if method == "initialize":
            self.server.sessions += 1
            info = {"name": "remote", "version": "1"}
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
            return self._result(given, result, {"mcp-session-id": str(self.server.sessions)})
        if method == "tools/list":
            return self._result(given, {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]})
        if method == "tools/call":
            return self._call(given, fault)
        return self._answer(200, {"jsonrpc": "2.0", "id": given["id"], "error": {"code": -32601, "message": "no"}})

    def _call(self, given: Any, fault: str) -> None:
        if fault == "huge":
            self._result(given, {"content": [{"type": "text", "text": "x" * (33 << 20)}]})
        elif fault == "bomb":
            self._answer(200, gzip.compress(b" " * (1 << 20)), {"content-encoding": "gzip"})
        elif fault.startswith("forgets") and self.headers.get("mcp-session-id") == "1":
            self._answer(int(fault.removeprefix("forgets-")), {})
        elif fault == "hangs-up":
            self.close_connection = True
            self.connection.close()
        else:
            self._result(given, {"content": [{"type": "text", "text": str(given["params"]["arguments"]["text"])}]})

    def _result(self, given: Any, result: Any, headers: dict[str, str] | None = None) -> None:
        self._answer(200, {"jsonrpc": "2.0", "id": given["id"], "result": result}, headers)

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True
