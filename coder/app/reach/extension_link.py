"""The server of one extension as a session sees it: known before it was looked at, judged tool by tool, and started
only when the session begins its servers. Must not know what an extension is made of, or other servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from coder.app.reach.holding import held_back
from coder.app.reach.linking import Connect, Linking
from coder.core.messages import Json
from coder.extensions.toolset import Toolset
from coder.mcp.errors import ServerError
from coder.mcp.link import Host, Link, Progress
from coder.mcp.server import Answer, Offer, Server, Standing

Prepare: TypeAlias = Callable[[], Server | str]
"""Blocks, and gives the server to be started, secrets and all; or why it is not."""

_PATIENCE = 30.0  # seconds for the disk and the keyring
_LAST = 2.0  # seconds for writing down what it offers


class ExtensionLink:
    """Implements `coder.mcp.link.Link`. `server` is one to be shown, without a value that was set; the one that runs is
    known to its own link alone. `toolset` None: nothing of it is known, and nothing is let through. `is_unsure`:
    whether it may be used is only known when it is prepared; until then it offers nothing."""

    def __init__(
        self,
        server: Server,
        host: Host,
        connect: Connect,
        prepare: Prepare,
        toolset: Toolset | None,
        reason: str = "",
        *,
        is_unsure: bool = False,
    ) -> None:
        self._server, self._host, self._connect = server, host, connect
        self._prepare, self._toolset, self._is_unsure = prepare, toolset, is_unsure
        self._within = _Within(host, self._has_changed)
        self._inner: Linking = connect((server,), self._within)  # for what an earlier session heard
        self._own: Standing | None = Standing("failed", reason) if reason else Standing("pending")
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._notes: set[asyncio.Task[None]] = set()
        self._noting = asyncio.Lock()
        self._closing = False
        self._heard = self._shown = self._nothing = Offer()

    @property
    def server(self) -> Server:
        return self._server

    @property
    def standing(self) -> Standing:
        return self._own or self._link.standing

    @property
    def offer(self) -> Offer:
        """Without what is held back; the same value while nothing changes."""
        if self._is_unsure and self._own is not None:
            return self._nothing
        now = self._link.offer
        held = self._held_of(now)
        if now is not self._heard or held != {tool.tool for tool in self._shown.held}:
            self._heard = now
            self._shown = now if not held else _without(now, held)
        return self._shown

    def start(self) -> None:
        if self._task is None and not self._closing:
            self._task = asyncio.create_task(self._begin(), name=f"extension {self._server.name}")

    async def ready(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * _PATIENCE):
                await self._ready.wait()
        return self._own is None and await self._link.ready()

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
        if self._toolset is None or self._toolset.held((tool,)):
            raise ServerError(held_back(self._server.name, tool))
        return await self._there().call(tool, arguments, progress)

    async def read(self, uri: str) -> Sequence[Json]:
        return await self._there().read(uri)

    async def prompt(self, prompt: str, arguments: Mapping[str, str]) -> Sequence[Json]:
        return await self._there().prompt(prompt, arguments)

    async def reconnect(self) -> None:
        """Begins with the record: it may be another version by now, or have been said yes to."""
        if self._task is None or self._closing:
            return
        self._ready.clear()
        self._task.cancel()
        await asyncio.wait({self._task})
        self._own = Standing("connecting")
        await self._inner.aclose()
        self._task = asyncio.create_task(self._begin(), name=f"extension {self._server.name}")

    async def aclose(self) -> None:
        self._closing = True
        self._ready.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._inner.aclose()
        if self._notes:
            await asyncio.wait(self._notes, timeout=_LAST)
        self._own = Standing("pending")

    async def _begin(self) -> None:
        self._stand(Standing("connecting"))
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await asyncio.to_thread(self._prepared)
        except TimeoutError:
            found = f"its settings could not be read within {_PATIENCE:g} s: the keyring does not answer."
        if isinstance(found, str):
            self._stand(Standing("failed", found))
            self._ready.set()
            return
        before, self._inner = self._inner, self._connect((found,), self._within)
        self._server = replace(self._server, digest=found.digest)
        self._own = None
        self._inner.start()
        self._ready.set()
        await before.aclose()

    def _prepared(self) -> Server | str:
        if self._toolset is not None:
            self._toolset.reread()
        return self._prepare()

    def _has_changed(self, link: Link) -> None:
        """In the loop's thread, before anybody else can see what is new."""
        if link is not self._link or self._own is not None:
            return
        if link.standing.state == "connected" and not link.offer.cached and link.offer is not self._heard:
            self._hear([tool.tool for tool in link.offer.tools])
        self._host.changed(self)

    def _hear(self, tools: Sequence[str]) -> None:
        if self._toolset is None:
            return
        self._toolset.heard(tools)
        note = asyncio.create_task(self._note(self._toolset, tools), name=f"extension {self._server.name}: its tools")
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _note(self, toolset: Toolset, tools: Sequence[str]) -> None:
        async with self._noting:  # what is written last is what was heard last
            before = toolset.held(tools)
            await asyncio.to_thread(toolset.note, tools)
        if toolset.held(tools) != before and not self._closing:
            self._host.changed(self)

    def _held_of(self, offer: Offer) -> frozenset[str]:
        names = [tool.tool for tool in offer.tools]
        return frozenset(names) if self._toolset is None else self._toolset.held(names)

    def _there(self) -> Link:
        if self._own is not None:
            raise ServerError(self._own.reason or f"The extension {self._server.name} is not started.")
        return self._link

    @property
    def _link(self) -> Link:
        return self._inner.links[0]

    def _stand(self, standing: Standing) -> None:
        changes, self._own = standing != self._own, standing
        if not self._closing and (changes or standing.state == "failed"):
            self._host.changed(self)


class _Within:
    """The session as the server of an extension sees it. `changed` hears of its own link."""

    def __init__(self, host: Host, changed: Callable[[Link], None]) -> None:
        self._host = host
        self._changed = changed

    def roots(self) -> tuple[Path, ...]:
        return self._host.roots()

    async def sample(self, server: Server, params: Json) -> Json:
        return await self._host.sample(server, params)

    async def elicit(self, server: Server, params: Json) -> Json:
        return await self._host.elicit(server, params)

    def logged(self, server: Server, level: str, text: str) -> None:
        self._host.logged(server, level, text)

    def changed(self, link: Link) -> None:
        self._changed(link)


def _without(offer: Offer, held: frozenset[str]) -> Offer:
    back = tuple(tool for tool in offer.tools if tool.tool in held)
    return replace(offer, tools=tuple(tool for tool in offer.tools if tool.tool not in held), held=back)
