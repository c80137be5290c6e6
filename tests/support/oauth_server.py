"""A server with a login, on loopback: the resource (`/mcp`), and who gives out tokens for it, with faults."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

RESOURCE = "/.well-known/oauth-protected-resource/mcp"
METADATA = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass(slots=True)
class OAuthServer:
    """`faults` are by path: "hang", "drip" (a byte now and then), "endless", or a status. `metadata` and `resource`
    change what is said there, None takes a field out. `answers` changes what the browser is sent back with."""

    url: str = ""
    faults: dict[str, str | int] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    expires_in: int | None = 3600
    ending: str = ""  # of every token
    is_open: bool = False
    rejects: bool = False
    asked: list[Asked] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    refreshes: set[str] = field(default_factory=set)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    def paths(self, method: str = "") -> list[str]:
        return [each.path for each in self.asked if not method or each.method == method]

    def secret(self, kind: str) -> str:
        """Every one is new, and holds a word that is to be found nowhere."""
        made = f"canary-{kind}-{len(self.made)}"
        self.made.append(made)
        return made

    def new_tokens(self) -> dict[str, Any]:
        access, refresh = self.secret("access") + self.ending, self.secret("refresh")
        self.good.add(access)
        self.refreshes.add(refresh)
        found = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": self.expires_in,
        }
        return {name: value for name, value in found.items() if value is not None}

    def is_client(self, asked: Asked) -> bool:
        """Whether it says who it is, in the way that was agreed on."""
        client = next(iter(self.clients.values()))
        name, secret = client["client_id"], client.get("client_secret", "")
        if client["token_endpoint_auth_method"] == "client_secret_basic":
            return asked.headers["authorization"] == "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
        return (asked.form["client_id"], asked.form.get("client_secret", "")) == (name, secret)

    def authority(self) -> dict[str, Any]:
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "registration_endpoint": f"{self.url}/register",
            "revocation_endpoint": f"{self.url}/revoke",
            "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            **self.metadata,
        }
        return {name: value for name, value in found.items() if value is not None}

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        match asked.path:
            case "/mcp":
                return self._mcp(asked)
            case p if p == RESOURCE:
                return 200, {}, {"resource": self.mcp, "authorization_servers": [self.url], **self.resource}
            case p if p in (METADATA, "/elsewhere/metadata"):
                return 200, {}, self.authority()
            case "/register":
                client = {**json.loads(asked.form["body"]), "client_id": f"client-{len(self.clients)}"}
                if client["token_endpoint_auth_method"] != "none":
                    client["client_secret"] = self.secret("client")
                self.clients[client["client_id"]] = client
                return 201, {}, client
            case "/authorize":
                return self._authorize(asked.form)
            case "/token":
                return self._token(asked.form)
            case "/revoke":
                self.good.discard(asked.form["token"])
                self.refreshes.discard(asked.form["token"])
                return 200, {}, {}
            case _:
                return 404, {}, {}

    def _mcp(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.is_open and (token not in self.good or self.rejects):
            said = f'Bearer error="invalid_token", resource_metadata="{self.url}{RESOURCE}"'
            return 401, {"WWW-Authenticate": said}, {"error": "invalid_token"}
        begun = {"Mcp-Session-Id": "session-1"} if asked.method == "POST" else {}
        return 200, begun, {"jsonrpc": "2.0", "id": 1, "result": {}}

    def _authorize(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        code = self.secret("code")
        self._codes[code] = form
        back = {"code": code, "state": form["state"], **self.answers}
        query = urlencode({name: value for name, value in back.items() if value})
        return 302, {"Location": f"{form['redirect_uri']}?{query}"}, {}

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        refused: tuple[int, dict[str, str], Any] = (
            400,
            {},
            {"error": "invalid_grant", "error_description": f"no: {json.dumps(form)}"},
        )
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refreshes:
                return refused
            self.refreshes.discard(form["refresh_token"])
            return 200, {}, self.new_tokens()
        began = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if began is None or began["code_challenge"] != base64.urlsafe_b64encode(digest).decode().rstrip("="):
            return refused
        return 200, {}, self.new_tokens()


@contextmanager
def oauth_server(**given: Any) -> Iterator[OAuthServer]:
    seen = OAuthServer(**given)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(seen))
    server.daemon_threads = True
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        seen.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(seen: OAuthServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            form = {name: values[-1] for name, values in parse_qs(parts.query or body).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, headers, form or {"body": body})
            seen.asked.append(asked)
            fault = seen.faults.get(parts.path)
            if fault == "hang":
                seen.over.wait()
                return
            if fault in ("endless", "drip"):
                self._without_end(b" " * (1 if fault == "drip" else 65536), 0.05 if fault == "drip" else 0)
                return
            status, more, answer = (fault, {}, {"error": "x"}) if isinstance(fault, int) else seen.answer(asked)
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _without_end(self, piece: bytes, pause: float) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while not seen.over.wait(pause):
                    self.wfile.write(piece)
            except OSError:
                pass

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *args: object) -> None:
            pass

    return Handler
