"""Where the browser comes back to after a login: a page on this machine that waits for one answer. Knows no tokens.

Any page in the browser, and any program here, can ask it something. Only an answer with the state of this login counts.
"""

from __future__ import annotations

import asyncio
import errno
import html
import secrets
from contextlib import suppress
from dataclasses import field
from urllib.parse import parse_qs, urlsplit

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.mcp.errors import ServerError

PATH = "/callback"
_HEAD = 16 * 1024
_SECONDS = 10.0  # for a request to be written
_MOST = 32  # connections at once: browsers open more than they need
_TRIES = 20
_HOSTS = ("127.0.0.1", "::1")  # localhost may be either
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>coder</title></head>
<body style="font-family: sans-serif; margin: 4em"><p>{}</p></body></html>"""
_DONE = "The browser's part is done. Close this page and go back to the terminal."
_DENIED = "The login was not granted. Close this page and go back to the terminal."
_STRANGE = "This is no answer to the login that is waiting."


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """What the browser brought. `error` is a word of RFC 6749 instead of a code."""

    code: str
    state: str
    issuer: str | None
    error: str = ""


def answer_in(address: str, state: str) -> Answered | None:
    """The answer in an address, or in what stands after its `?`; None where it is none to the login with this state."""
    text = address.strip().strip("'\"<>")
    try:
        query = urlsplit(text).query if "?" in text else text
        given = {name: values[-1] for name, values in parse_qs(query, max_num_fields=40).items()}
    except ValueError:
        return None
    found = given.get("state", "")
    if not state or not secrets.compare_digest(found.encode("utf-8", "replace"), state.encode()):
        return None
    error = visible_line(given.get("error", ""))[:80]
    if not error and not given.get("code"):
        return None
    return Answered("" if error else given["code"], found, given.get("iss"), error)


@dataclass(slots=True)
class Loopback:
    """Open between `open` and `close`. `strange` counts answers that were to no login of ours."""

    port: int = 0
    strange: int = field(default=0, init=False)
    _state: str = field(default="", init=False)
    _servers: list[asyncio.Server] = field(default_factory=list, init=False)
    _answer: asyncio.Future[Answered] | None = field(default=None, init=False)
    _guests: dict[asyncio.StreamWriter, None] = field(default_factory=dict, init=False)  # the oldest first

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}{PATH}"

    async def open(self) -> None:
        """A port that is given is used or nothing is. Raises ServerError."""
        self._answer = asyncio.get_running_loop().create_future()
        if self.port:
            if not await self._bind(self.port):
                raise ServerError(
                    f"Port {self.port} of this machine is in use, and the login is to come back there. "
                    "Close what uses it, or set another oauth.callbackPort."
                )
            return
        for _ in range(_TRIES):
            if await self._bind(0):
                return
        raise ServerError("No port of this machine is free for the login to come back to. Try again.")

    def expect(self, state: str) -> None:
        """From now on the answer to the login with this state is taken, and none before."""
        self._state = state

    async def wait(self) -> Answered:
        assert self._answer is not None
        return await asyncio.shield(self._answer)

    def close(self) -> None:
        self._unbind()
        for guest in list(self._guests):
            guest.close()
        if self._answer is not None:
            self._answer.cancel()

    async def _bind(self, port: int) -> bool:
        """Both of localhost's addresses, or none: who had the other one would get the answer."""
        for host in _HOSTS:
            try:
                server = await asyncio.start_server(self._serve, host, port, limit=_HEAD, reuse_address=True)
            except OSError as error:
                if host == _HOSTS[1] and error.errno in _NO_IPV6:
                    continue
                self._unbind()
                return False
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
        self.port = port
        return True

    def _unbind(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._guests[writer] = None
        if len(self._guests) > _MOST:
            # One that has said nothing for longest, never the newest: that may be the answer.
            silent = next(iter(self._guests))
            del self._guests[silent]
            silent.transport.abort()
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, text = self._judged(head)
                writer.write(_reply(status, text))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._guests.pop(writer, None)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _judged(self, head: bytes) -> tuple[str, str]:
        line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(line) != 3 or line[0] != "GET" or line[1].partition("?")[0] != PATH:
            return "404 Not Found", _STRANGE
        found = answer_in(line[1], self._state)
        if found is None or self._answer is None or self._answer.done():
            self.strange += 1
            return "400 Bad Request", _STRANGE
        self._answer.set_result(found)
        return "200 OK", _DENIED if found.error else _DONE


def _reply(status: str, text: str) -> bytes:
    body = _PAGE.format(html.escape(text)).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
