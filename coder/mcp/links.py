"""All servers of a session: begun together, found by name, ended together. Must not know what they are asked.

Making one costs nothing and loads nothing; `start` returns at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coder.mcp.library import load
from coder.mcp.link import Channel, Host
from coder.mcp.owner import Owner
from coder.mcp.place import Place
from coder.mcp.server import Server

if TYPE_CHECKING:
    from coder.mcp.credentials import CredentialsOf


class Links:
    def __init__(
        self,
        servers: Iterable[Server],
        host: Host,
        place: Place,
        channel: Channel | None = None,
        credentials: CredentialsOf | None = None,
    ) -> None:
        self._owners = {server.name: Owner(server, host, place, channel, credentials) for server in servers}
        self._loading: asyncio.Task[None] | None = None
        self._unwanted = threading.Event()

    @property
    def links(self) -> tuple[Owner, ...]:
        return tuple(self._owners.values())

    def find(self, name: str) -> Owner | None:
        return self._owners.get(name)

    def start(self) -> None:
        """Begins all of them in the background, in a running event loop. Idempotent."""
        if not self._owners or self._loading is not None:
            return
        self._loading = loading = asyncio.create_task(load(self._unwanted), name="mcp library")

        async def loaded() -> None:
            await asyncio.shield(loading)

        for owner in self._owners.values():
            owner.start(loaded)

    async def ready(self, names: Iterable[str], seconds: float) -> dict[str, bool]:
        """Waits for these servers, at most so long. Which of them are connected; one that there is not is not."""
        wanted = list(dict.fromkeys(names))
        owners = {name: owner for name in wanted if (owner := self._owners.get(name)) is not None}
        waiting = [asyncio.create_task(owner.ready()) for owner in owners.values()]
        try:
            if waiting:
                await asyncio.wait(waiting, timeout=seconds)
        finally:
            for task in waiting:
                task.cancel()
        return {name: name in owners and owners[name].standing.state == "connected" for name in wanted}

    async def roots_changed(self) -> None:
        """Tells the servers of the older protocol that the folders of the session are others."""
        await asyncio.gather(*(owner.roots_changed() for owner in self._owners.values()))

    async def drop(self, name: str) -> None:
        """Ends one server, begun or not, which is none of them from now on. Bounded; nothing is left."""
        owner = self._owners.pop(name, None)
        if owner is not None:
            await owner.aclose()

    async def aclose(self) -> None:
        """Ends all of them at once. Bounded; nothing is left. Idempotent."""
        self._unwanted.set()
        await asyncio.gather(*(owner.aclose() for owner in self._owners.values()))
        if self._loading is not None:
            await asyncio.wait({self._loading})
