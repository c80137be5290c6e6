"""All that coder asks of one host, and the answer to its `initialize`: what a process that is talked to hands to the
sessions it opens. Must not know how they are opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.app.hosted import Hosted
from coder.app.session import Session
from coder.app.starting import Start
from coder.core.config import Config
from coder.core.errors import CoderError, ConfigError
from coder.core.events import Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.frontends.stream_json.callbacks.asking import Asking
from coder.frontends.stream_json.callbacks.initializing import Initialize, configured, read, ruled
from coder.frontends.stream_json.control import Answer, NeverAnswered, RequestError

if TYPE_CHECKING:
    from coder.frontends.stream_json.callbacks import hooks, introducing, reloading, servers, setting
    from coder.frontends.stream_json.host import Host
else:  # for a host that asks, and for one that has hooks or servers
    hooks, introducing, reloading, servers, setting = (
        LazyModule(f"coder.frontends.stream_json.callbacks.{name}")
        for name in ("hooks", "introducing", "reloading", "servers", "setting")
    )

STDIO = "stdio"
_NO_PLUGINS = "initialize names plugins: they are loaded only where coder was started with --await-initialize."
_OWN = ("clear", "compact", "uncompact", "context", "cost")


class Callbacks:
    """To be attached to the host before it runs. `awaits`: no session is opened before the host has said what it wants
    of it, and that may name servers to be started, and plugins."""

    def __init__(self, config: Config, *, awaits: bool = False) -> None:
        self._config = config
        self._awaits = awaits
        self._heard = asyncio.Event()
        self._asks_leave = config.prompt_tool == STDIO
        self._wanted = Initialize()
        self._servers: Mapping[str, object] | None = None  # those that the host has set since
        self._host: Host | None = None
        self._channel = _Channel(self.ask)
        self._is_settled = False  # a session is open, or being opened: what it is made of is known

    # For the sessions that are opened.

    async def told(self) -> Initialize | None:
        """Waits for what the host wants, where that is to be waited for; else what it names to be loaded is not. Raises
        ConfigError when nothing more will be said, and that never was."""
        if not self._awaits:
            return None
        assert self._host is not None
        waits = [asyncio.create_task(each.wait()) for each in (self._heard, self._host.turns.over)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not self._heard.is_set():
            raise ConfigError("--await-initialize: no initialize request came before the end. Nothing was begun.")
        return self._wanted

    def configured(self, config: Config) -> Config:
        self._is_settled = True
        if self._wanted.plugins and not self._awaits:
            config = replace(config, warnings=(*config.warnings, _NO_PLUGINS))
        self._config = configured(config, self._wanted, self._servers)
        return self._config

    def renewing(self, reload: Callable[[], Config | None]) -> Callable[[], Config | None]:
        """Settings that are read again, with the rules of the host."""

        def renewed() -> Config | None:
            fresh = reload()
            return None if fresh is None else ruled(fresh, self._wanted, self._servers)

        return renewed

    def started(self, start: Start) -> Start:
        """A session that is gone on with keeps the name that it has."""
        title = "" if start.goes_on and not start.fork else self._wanted.title
        return replace(start, name=start.name or title or None)

    @property
    def hosted(self) -> Hosted:
        return Hosted(self._call_hook, self._channel)

    # For the host.

    def attach(self, host: Host) -> dict[str, Answer]:
        """From now on it is this host that is asked. Returns who answers what it asks for of this."""
        self._host = host
        say: Callable[[str], None] = lambda text: host.out.emit(Notice(level="warning", text=text))  # noqa: E731
        host.out.asks(
            Asking(self.ask, lambda: host.seat.session, say, asks_leave=self._asks_leave),
            is_person=bool(self._config.prompt_tool),
        )
        return {
            "initialize": self._initialize,
            "mcp_message": self._channel.told,
            "mcp_set_servers": lambda request: setting.set_servers(host, self._set, request),
            "reload_plugins": lambda request: reloading.reload(host, lambda: _OWN, request),
        }

    def _set(self, servers: Mapping[str, object]) -> None:
        self._servers = servers

    async def ask(self, request: Json) -> Json:
        """Raises RequestError."""
        if self._host is None:
            raise RequestError("no host is attached")
        return await self._host.control.ask(request)

    async def _call_hook(self, id: str, given: Json) -> Json:
        made: Json = await hooks.HostHooks(self.ask).call(id, given)
        return made

    async def _initialize(self, request: Json) -> Json:
        """The first opens the session; another one replaces the hooks of the one that is open, and no more."""
        host = self._host
        assert host is not None
        wanted = read(request)
        if self._is_settled:
            session = await self._opened(host)
            if wanted.hooks is not None:
                session.points.bring(wanted.head_hooks())
                self._wanted = replace(self._wanted, hooks=wanted.hooks)
        else:
            self._wanted = wanted
            self._heard.set()
            host.turns.behind.are_spared = wanted.stops_tasks
            host.turns.suggesting.is_on |= wanted.suggests
            if wanted.forwards:
                host.out.forward_agents()
            session = await self._opened(host)
        answer: Json = await asyncio.to_thread(introducing.introduced, session, self._config, lambda: _OWN)
        if wanted.started is not None:
            answer["mcp_servers_applied"] = self._awaits and wanted is self._wanted
        if wanted.plugins:
            answer["plugins_applied"] = introducing.has_plugins(session, wanted.plugins)
        return answer | ({"hooks_applied": True} if wanted.hooks is not None else {})

    async def _opened(self, host: Host) -> Session:
        try:
            return await host.seat.opened()
        except CoderError as error:
            host.turns.fail(error)
            raise NeverAnswered(str(error)) from None


class _Channel:
    """Implements `coder.mcp.link.Channel` and `TwoWay`; what sends is made when the first message is."""

    def __init__(self, ask: Callable[[Json], Awaitable[Json]]) -> None:
        self._ask = ask
        self._made: servers.HostServers | None = None
        self._heard: dict[str, Callable[[Json], None]] = {}

    async def send(self, server: str, message: Json) -> Json | None:
        if self._made is None:
            self._made = servers.HostServers(self._ask)
        reply: Json | None = await self._made.send(server, message)
        return reply

    def hear(self, server: str, heard: Callable[[Json], None] | None) -> None:
        if heard is None:
            self._heard.pop(server, None)
        else:
            self._heard[server] = heard

    async def told(self, request: Json) -> Json:
        """What a server of the host says by itself. Of one that is not used (any more) nothing is wanted."""
        server, message = request.get("server_name"), request.get("message")
        if not isinstance(server, str) or not isinstance(message, dict):
            raise RequestError("server_name must be a text, and message an object")
        if "id" in message:
            raise RequestError("a server of the host can tell something, and cannot ask")
        if (heard := self._heard.get(server)) is not None:
            heard(message)
        return {}
