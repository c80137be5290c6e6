"""A real MCP server over HTTP on loopback that lets in whom another one vouches for. Knows no client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from tests.support.oauth_server import OAuthServer


class _Verifier:
    def __init__(self, authority: OAuthServer) -> None:
        self._authority = authority

    async def verify_token(self, token: str) -> AccessToken | None:
        if token not in self._authority.good:
            return None
        return AccessToken(token=token, client_id="any", scopes=["read"])


@contextmanager
def guarded_server(authority: OAuthServer) -> Iterator[str]:
    """Its address. The tool `add` adds two numbers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        settings = AuthSettings(
            issuer_url=AnyHttpUrl(authority.url),
            resource_server_url=AnyHttpUrl(url),
            required_scopes=["read"],
            validate_token_resource=False,
        )
        server = MCPServer("guarded", token_verifier=_Verifier(authority), auth=settings)

        @server.tool()
        def add(a: int, b: int) -> int:
            return a + b

        running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error", ws="none"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield url
        finally:
            running.should_exit = True
            thread.join()
