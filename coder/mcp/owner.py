"""The owner of one server, and its one task: begins the connection, sees it end, begins it again, and says how it is.
Must not know other servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp import cache
from coder.mcp.errors import ServerError
from coder.mcp.hosting import Hosting
from coder.mcp.link import Channel, Host, Progress
from coder.mcp.place import Place, patience
from coder.mcp.printed import Printed
from coder.mcp.server import Answer, Hosted, Http, Offer, Server, Standing, Stdio
from coder.mcp.veil import veil_of

if TYPE_CHECKING:
    from coder.mcp import attempt as attempts
    from coder.mcp import backoff as backoffs
    from coder.mcp import calls, hosted, http, offers, stdio
    from coder.mcp import carrier as carriers
    from coder.mcp.attempt import Attempt
    from coder.mcp.calls import Patiently
    from coder.mcp.carrier import Carrier, Trouble
    from coder.mcp.credentials import CredentialsOf
    from coder.mcp.offers import Heard
else:  # a session begins its first request before them; `library.load` has them ready for a connection
    attempts = LazyModule("coder.mcp.attempt")
    backoffs, carriers = LazyModule("coder.mcp.backoff"), LazyModule("coder.mcp.carrier")
    calls, hosted, http, offers, stdio = (
        LazyModule(f"coder.mcp.{name}") for name in ("calls", "hosted", "http", "offers", "stdio")
    )

_T = TypeVar("_T")
_NAMED = 200  # characters
_SLOW = 8.0  # seconds; the library waits ten for an answer to its first question


class Owner:
    """Implements `coder.mcp.link.Link`. `start` begins it; `aclose` must follow."""

    def __init__(
        self, server: Server, host: Host, place: Place, channel: Channel | None, credentials: CredentialsOf | None
    ) -> None:
        self._server, self._host, self._place = server, host, place
        self._channel, self._credentials = channel, credentials
        self._veil = veil_of(server)
        self._printed = Printed(place.logs, server.name, self._veil)
        self._hosting = Hosting(server, host)
        self._patience = patience(server, place.env)
        self._standing = Standing("pending", log=self._log)
        self._known: cache.Kept | None = None
        self._settled = asyncio.Event()
        self._wish = asyncio.Event()  # for another connection
        self._task: asyncio.Task[None] | None = None
        self._attempt: Attempt | None = None
        self._closing = asyncio.Event()

    @property
    def server(self) -> Server:
        return self._server

    @property
    def standing(self) -> Standing:
        return self._standing

    @property
    def offer(self) -> Offer:
        return self._kept.offer

    def start(self, loaded: Callable[[], Awaitable[None]]) -> None:
        """`loaded` returns once the library is there."""
        if self._task is None and not self._closing.is_set():
            self._task = asyncio.create_task(self._live(loaded), name=f"mcp {self._server.name}")

    async def ready(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.start + attempts.LEAVE):
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
        if self._attempt is not None and self._standing.state == "connected":
            await self._attempt.connection.roots_changed()

    async def reconnect(self) -> None:
        if self._task is None or self._closing.is_set():
            return
        self._settled.clear()
        self._wish.set()
        if self._attempt is not None:
            self._attempt.part()

    async def aclose(self) -> None:
        """Bounded. Nothing of the server is left."""
        self._closing.set()
        self._settled.set()  # whoever waits for it waits no longer
        if self._task is not None:
            self._wish.set()
            if self._attempt is not None:
                self._attempt.part()
            await asyncio.wait({self._task}, timeout=attempts.LEAVE)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=attempts.LEAVE)
        self._standing = Standing("pending", log=self._log)
        self._printed.close()

    # The owner's task.

    async def _live(self, loaded: Callable[[], Awaitable[None]]) -> None:
        self._stand("connecting")
        try:
            await loaded()
        except ImportError as error:
            why = f"cannot be used: the library for MCP cannot be loaded ({error})"
            self._stand("failed", self._told(carriers.Trouble(why, "final")))
            return
        while not self._closing.is_set():
            self._wish.clear()
            trouble = await self._tried()
            if self._closing.is_set():
                return
            if trouble is not None:
                self._printed.note(f"it {trouble.what}")
                self._stand("needs-auth" if trouble.kind == "login" else "failed", self._told(trouble))
                await self._wish.wait()

    async def _tried(self) -> Trouble | None:
        """As many connections as the back-off allows. Why there is none any more; None when another one is wished
        for."""
        clock = asyncio.get_running_loop().time
        backoff = backoffs.Backoff(isinstance(self._server.transport, Http))
        # One deadline for all that comes before it works; then one for each time that it is begun anew.
        until, worked = clock() + self._patience.start, False
        while True:
            self._stand("connecting")
            trouble, attempt = await self._attempted(max(until - clock(), 0.1))
            if self._may_be_the_handshake(trouble, attempt) and not worked:
                first = self._kept
                self._known = replace(first, handshake=not first.handshake)
                trouble, attempt = await self._attempted(max(until - clock(), 0.1))
                if attempt.since is None:
                    self._known = first
            if self._wish.is_set():
                return None
            since = attempt.since
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

    async def _attempted(self, seconds: float) -> tuple[Trouble, Attempt]:
        began = asyncio.get_running_loop().time()
        attempt = self._attempt = attempts.Attempt(
            self._carrier(), self._hosting, self._veil, self._printed, self._mode
        )

        async def heard(lists: Heard) -> None:
            connection, since = attempt.connection, attempt.since
            before = self._kept
            # One that did not answer to the newer handshake at all costs ten seconds each time.
            slow = connection.is_handshake and since is not None and since - began > _SLOW
            # Beside the loop: there may be a thousand tools.
            known = cache.Kept(await asyncio.to_thread(self._stored, lists, slow), before.handshake or slow)
            self._known = known
            if self._standing.state == "connected":
                if known != before:
                    self._host.changed(self)
            else:
                self._stand("connected", protocol=connection.protocol)

        return await attempt.run(self._server.name, seconds, heard), attempt

    @property
    def _kept(self) -> cache.Kept:
        """Read when it is first asked for."""
        if self._known is None:
            self._known = cache.load(self._place.cache, self._server)
        return self._known

    def _stored(self, lists: Heard, handshake: bool) -> Offer:
        cache.store(self._place.cache, self._server, lists, handshake=handshake or self._kept.handshake)
        return offers.offer(self._server.name, lists)

    def _stand(self, state: Any, reason: str = "", protocol: str = "") -> None:
        if state == "connecting" and not self._closing.is_set():
            self._settled.clear()
        new = Standing(state, reason, self._log, protocol)
        changes, self._standing = new != self._standing, new
        if state != "connecting":
            self._settled.set()
        if changes and not self._closing.is_set():
            self._host.changed(self)

    def _may_be_the_handshake(self, trouble: Trouble, attempt: Attempt) -> bool:
        """Some programs end at a word that they do not know: the other handshake is tried at once."""
        is_program = isinstance(self._server.transport, Stdio)
        return is_program and attempt.since is None and trouble.kind == "lost" and not self._wish.is_set()

    # What others wait for.

    async def _patiently(self, what: str) -> Patiently:
        """Raises ServerError when there is no connection, and will be none."""
        if not await self.ready() or (attempt := self._attempt) is None or attempt.is_over:
            raise ServerError(self._standing.reason or f"The MCP server {self._server.name} is not connected.")
        return calls.Patiently(self._server.name, what, attempt.connection, attempt.lost, self._patience, self._hosting)

    async def _waited(self, patiently: Patiently, request: Coroutine[Any, Any, _T]) -> _T:
        try:
            return await patiently.wait(request)
        except ServerError as error:
            attempt = self._attempt
            if attempt is None or not attempt.carrier.is_spent or attempt.connection is not patiently.connection:
                raise
            if not attempt.is_over:  # else it is known already what comes of it
                attempt.part()
                self._stand("connecting")  # the next call waits for the next connection
            trouble = attempt.carrier.trouble([])
            raise (ServerError(self._told(trouble)) if trouble is not None else error) from error

    def _carrier(self) -> Carrier:
        match self._server.transport:
            case Stdio() as program:
                return stdio.StdioCarrier(program, self._place, self._printed, self._veil)
            case Http() as address:
                return http.HttpCarrier(
                    self._server, address, self._credentials, self._patience.idle, self._place.env, self._veil
                )
            case Hosted():
                return hosted.HostedCarrier(self._server.name, self._channel)

    @property
    def _mode(self) -> str:
        # A program that embeds us knows the handshake, and is not asked for more.
        return "legacy" if self._kept.handshake or isinstance(self._server.transport, Hosted) else "auto"

    @property
    def _log(self) -> Any:
        return self._printed.path if isinstance(self._server.transport, Stdio) else None

    def _told(self, trouble: Trouble) -> str:
        name = self._server.name
        if trouble.kind == "login":
            return f"The MCP server {name} {trouble.what}. Log in with: coder mcp login {name}"
        hint = f" Its log is {self._log}." if self._log and self._printed.last else ""
        return f"The MCP server {name} {trouble.what}.{hint}"
