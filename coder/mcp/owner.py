"""The owner of one server: begins its connection, sees it end, begins it again, and says how it is. Must not know other
servers.

It is one task. The connection is a second one under it, for a connection that hangs as it begins or ends must not hang
its owner too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp import cache
from coder.mcp.backoff import Backoff
from coder.mcp.calls import Patiently
from coder.mcp.carrier import Carrier, Trouble
from coder.mcp.connection import Connection
from coder.mcp.credentials import CredentialsOf
from coder.mcp.errors import ServerError
from coder.mcp.hosted import HostedCarrier
from coder.mcp.hosting import Hosting
from coder.mcp.http import HttpCarrier
from coder.mcp.library import is_closed, mcp
from coder.mcp.link import Channel, Host, Progress
from coder.mcp.offers import Heard, offer
from coder.mcp.place import Place, patience
from coder.mcp.printed import Printed
from coder.mcp.server import Answer, Hosted, Http, Offer, Server, Standing, Stdio
from coder.mcp.stdio import StdioCarrier
from coder.mcp.veil import Veil, one_line, veil_of

_T = TypeVar("_T")
_LEAVE = 4.5  # seconds for a connection to leave: two politely, one after SIGTERM, and what is said meanwhile
_KILLED = 1.0
_NAMED = 200  # characters
_SLOW = 8.0  # seconds; the library waits ten for an answer to its first question


class Owner:
    """Implements `coder.mcp.link.Link`. `start` begins it; `aclose` must follow."""

    def __init__(
        self, server: Server, host: Host, place: Place, channel: Channel | None, credentials: CredentialsOf
    ) -> None:
        self._server, self._host, self._place = server, host, place
        self._channel, self._credentials = channel, credentials
        self._veil = veil_of(server)
        self._printed = Printed(place.logs, server.name, self._veil)
        self._hosting = Hosting(server, host)
        self._patience = patience(server, place.env)
        self._standing = Standing("pending", log=self._log)
        kept = cache.load(place.cache, server)
        self._offer, self._handshake = kept.offer, kept.handshake
        self._settled = asyncio.Event()
        self._wish = asyncio.Event()  # for another connection
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._lost: asyncio.Future[str] | None = None
        self._carrier: Carrier | None = None
        self._going: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def server(self) -> Server:
        return self._server

    @property
    def standing(self) -> Standing:
        return self._standing

    @property
    def offer(self) -> Offer:
        return self._offer

    def start(self, loaded: Callable[[], Awaitable[None]]) -> None:
        """`loaded` returns once the library is there."""
        if self._task is None and not self._closing:
            self._task = asyncio.create_task(self._live(loaded), name=f"mcp {self._server.name}")

    async def ready(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.start + _LEAVE):
                await self._settled.wait()
        return self._standing.state == "connected"

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
        patiently = await self._patiently(f"the tool {visible_line(tool)[:_NAMED]}")

        def moved(done: float, total: float | None, text: str) -> None:
            patiently.heard()
            progress(done, total, self._veil(text))

        found = await self._waited(patiently, patiently.connection.call(tool, arguments, moved))
        content = tuple(block for block in found.get("content", ()) if isinstance(block, dict))
        return Answer(content, found.get("structuredContent"), found.get("isError") is True)

    async def read(self, uri: str) -> Sequence[Json]:
        patiently = await self._patiently(f"the resource {visible_line(uri)[:_NAMED]}")
        return await self._waited(patiently, patiently.connection.read(uri))

    async def prompt(self, prompt: str, arguments: Mapping[str, str]) -> Sequence[Json]:
        patiently = await self._patiently(f"the prompt {visible_line(prompt)[:_NAMED]}")
        return await self._waited(patiently, patiently.connection.prompt(prompt, dict(arguments)))

    async def roots_changed(self) -> None:
        if self._connection is not None and self._standing.state == "connected":
            with suppress(Exception):  # nobody waits for a notification
                await self._connection.roots_changed()

    async def reconnect(self) -> None:
        if self._task is None or self._closing:
            return
        self._settled.clear()
        self._wish.set()
        self._part()

    async def aclose(self) -> None:
        """Bounded. Nothing of the server is left."""
        self._closing = True
        self._settled.set()  # whoever waits for it waits no longer
        if self._task is not None:
            self._wish.set()
            self._part()
            await asyncio.wait({self._task}, timeout=_LEAVE)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_LEAVE)
        self._standing = Standing("pending", log=self._log)
        self._printed.close()

    # The owner's task.

    async def _live(self, loaded: Callable[[], Awaitable[None]]) -> None:
        self._stand("connecting")
        await loaded()
        while not self._closing:
            self._wish.clear()
            trouble = await self._tried()
            if self._closing:
                return
            if trouble is not None:
                self._printed.note(f"it {trouble.what}")
                self._stand("needs-auth" if trouble.kind == "login" else "failed", self._told(trouble))
                await self._wish.wait()

    async def _tried(self) -> Trouble | None:
        """As many connections as the back-off allows. Why there is none any more; None when another one is wished
        for."""
        clock = asyncio.get_running_loop().time
        backoff = Backoff(isinstance(self._server.transport, Http))
        # One deadline for all that comes before it works; then one for each time that it is begun anew.
        until, worked = clock() + self._patience.start, False
        while True:
            self._stand("connecting")
            trouble, since = await self._connected(max(until - clock(), 0.1))
            if since is None and trouble.kind == "lost" and isinstance(self._server.transport, Stdio) and not worked:
                # Some end at a word that they do not know: the other handshake is tried at once.
                self._handshake = not self._handshake
                trouble, since = await self._connected(max(until - clock(), 0.1))
            if self._wish.is_set():
                return None
            worked = worked or since is not None
            delay = None
            if trouble.kind == "lost":
                delay = backoff.lost(clock(), None if since is None else clock() - since)
            if delay is None or not (worked or clock() + delay < until):
                return trouble
            self._printed.note(f"it {trouble.what}; tried again in {delay:g} s")
            self._stand("connecting", self._told(trouble))
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wish.wait()
                return None
            if worked:
                until = clock() + self._patience.start

    async def _connected(self, seconds: float) -> tuple[Trouble, float | None]:
        """One connection from its begin to its end. Why it ended, and since when it had been there."""
        loop = asyncio.get_running_loop()
        self._carrier = carrier = self._made_carrier()
        self._connection = connection = Connection(carrier, self._hosting, self._veil, self._mode)
        self._lost = lost = loop.create_future()
        since: list[float] = []
        first = asyncio.Event()

        began = loop.time()

        def heard(lists: Heard) -> None:
            if not since:
                since.append(loop.time())
                if connection.is_handshake and loop.time() - began > _SLOW:
                    self._handshake = True  # it did not answer to the newer one at all
            self._heard(lists, connection)
            first.set()

        self._going = task = asyncio.create_task(connection.run(heard), name=f"mcp connection {self._server.name}")
        task.add_done_callback(lambda _: first.set())
        trouble: Trouble | None = None
        try:
            try:
                async with asyncio.timeout(seconds):
                    await first.wait()
                await asyncio.wait({task})
            except TimeoutError:
                last = f"; the last it printed: {self._printed.last}" if self._printed.last else ""
                trouble = Trouble(f"was not ready within {self._patience.start:g} s{visible_line(last)[:200]}", "final")
            self._connection = None
            await _left(task, carrier)
            errors = _errors(task)
            trouble = trouble or carrier.trouble(errors) or _unexplained(errors, self._veil)
            lost.set_result(trouble.what)
        finally:
            self._connection = None
            if not lost.done():
                lost.set_result("was disconnected")
            await _left(task, carrier)
        return trouble, since[0] if since else None

    def _heard(self, lists: Heard, connection: Connection) -> None:
        self._offer = offer(self._server.name, lists)
        cache.store(self._place.cache, self._server, lists, handshake=self._handshake)
        if self._standing.state == "connected":
            self._host.changed(self)
        else:
            self._stand("connected", protocol=connection.protocol)

    def _stand(self, state: Any, reason: str = "", protocol: str = "") -> None:
        if state == "connecting" and not self._closing:
            self._settled.clear()
        new = Standing(state, reason, self._log, protocol)
        changes, self._standing = new != self._standing, new
        if state != "connecting":
            self._settled.set()
        if changes and not self._closing:
            self._host.changed(self)

    def _part(self) -> None:
        """Ends the connection: politely, if it is one already."""
        if self._connection is None or self._going is None:
            return
        self._connection.leave()
        if self._standing.state != "connected":
            self._going.cancel()

    # What others wait for.

    async def _patiently(self, what: str) -> Patiently:
        """Raises ServerError when there is no connection, and will be none."""
        if not await self.ready() or self._connection is None or self._lost is None:
            raise ServerError(self._standing.reason or f"The MCP server {self._server.name} is not connected.")
        return Patiently(self._server.name, what, self._connection, self._lost, self._patience, self._hosting)

    async def _waited(self, patiently: Patiently, request: Coroutine[Any, Any, _T]) -> _T:
        try:
            return await patiently.wait(request)
        except ServerError as error:
            carrier = self._carrier
            if carrier is None or not carrier.is_spent or self._connection is not patiently.connection:
                raise
            patiently.connection.leave()
            trouble = carrier.trouble([])
            raise (ServerError(self._told(trouble)) if trouble is not None else error) from error

    def _made_carrier(self) -> Carrier:
        match self._server.transport:
            case Stdio() as stdio:
                return StdioCarrier(stdio, self._place, self._printed, self._veil)
            case Http() as http:
                return HttpCarrier(
                    self._server, http, self._credentials, self._patience.idle, self._place.env, self._veil
                )
            case Hosted():
                return HostedCarrier(self._server.name, self._channel)

    @property
    def _mode(self) -> str:
        # A program that embeds us knows the handshake, and is not asked for more.
        return "legacy" if self._handshake or isinstance(self._server.transport, Hosted) else "auto"

    @property
    def _log(self) -> Any:
        return self._printed.path if isinstance(self._server.transport, Stdio) else None

    def _told(self, trouble: Trouble) -> str:
        name = self._server.name
        if trouble.kind == "login":
            return f"The MCP server {name} {trouble.what}. Log in with: coder mcp login {name}"
        hint = f" Its log is {self._log}." if self._log and self._printed.last else ""
        return f"The MCP server {name} {trouble.what}.{hint}"


async def _left(task: asyncio.Task[None], carrier: Carrier) -> None:
    """Sees a connection out, whatever it does."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_LEAVE)
    if not task.done():
        carrier.kill()
        task.cancel()
        await asyncio.wait({task}, timeout=_KILLED)


def _errors(task: asyncio.Task[None]) -> list[BaseException]:
    if not task.done() or task.cancelled():
        return []
    found: list[BaseException] = []
    waiting = [task.exception()]
    while waiting:
        error = waiting.pop(0)
        if isinstance(error, BaseExceptionGroup):
            waiting.extend(error.exceptions)
        elif error is not None:
            found.append(error)
    return found


def _unexplained(errors: Sequence[BaseException], veil: Veil) -> Trouble:
    for error in errors:
        if is_closed(error):
            return Trouble("closed the connection")
        if isinstance(error, mcp.MCPError):
            return Trouble(f"said no at the start: {one_line(error.error.message, veil)}", "final")
        return Trouble(f"does not follow the protocol ({type(error).__name__}: {one_line(str(error), veil)})", "final")
    return Trouble("closed the connection")
