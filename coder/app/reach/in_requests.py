"""Which tools of servers stand in the requests of a session: decided once, and kept with it. Must not know what a call
of one does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from coder.app.reach import native
from coder.app.reach.catalogue import wait_for_all
from coder.app.reach.facts import Facts
from coder.app.reach.known import Known
from coder.mcp.link import Link
from coder.mcp.server import Server, ServerTool


class InRequests:
    """`begin` lets the servers connect, `warn` tells people something."""

    def __init__(
        self, facts: Facts, links: Sequence[Link], known: Known, begin: Callable[[], None], warn: Callable[[str], None]
    ) -> None:
        self._facts, self._links, self._known = facts, links, known
        self._begin, self._warn = begin, warn
        self.tools = facts.stored if facts.stored is not None else self._chosen()
        self._is_settled = facts.stored is not None
        self._is_stale = False  # other servers are there than when `tools` were chosen
        self._is_kept = False
        self._keeping: asyncio.Task[None] | None = None

    async def ready(self) -> bool:
        """Before each run. The first waits for the servers whose tools are always loaded, and for those in the program
        that embeds us, which answer at once; whether other tools stand in requests by that."""
        if self._is_kept:
            return False
        before = self.tools
        if not self._is_settled:
            is_other = await self._awaited(lambda server: server.always_load or server.is_hosted)
            if is_other or self._is_stale:
                self.tools = self._chosen()
            self._is_settled = True
        else:
            await self._awaited(lambda server: server.is_hosted)
        self._is_kept = True
        return self.tools != before

    def others(self) -> None:
        """Other servers are there than before: until the first run they count as if they always had been."""
        self._is_stale = True

    async def _awaited(self, is_meant: Callable[[Server], bool]) -> bool:
        """Waits for those of which nothing is known yet, each until its deadline. Whether any may offer now what it did
        not when the session was made."""
        links = [link for link in self._links if is_meant(link.server)]
        unknown = [link for link in links if not link.offer.tools]
        if unknown:
            self._begin()
            await wait_for_all([link.ready() for link in unknown])
        return bool(unknown) or any(link.server.is_hosted for link in links)

    def keep(self) -> None:
        """Once the first request is answered, so that it does not wait for a disk; at the latest at the end."""
        if self._keeping is None and self._is_kept and self._facts.kept is not None:
            self._keeping = asyncio.create_task(self._keep(self._facts.kept))

    async def aclose(self) -> None:
        self.keep()
        if self._keeping is not None:
            await asyncio.wait({self._keeping})

    def defers(self, tools: Sequence[ServerTool]) -> bool:
        return native.defers(tools, self._facts.search, self._facts.window)

    def _chosen(self) -> tuple[ServerTool, ...]:
        always = {link.server.name for link in self._links if link.server.always_load}
        return native.chosen(self._known.usable(), always, self._facts.search, self._facts.window)

    async def _keep(self, file: Path) -> None:
        try:
            await asyncio.to_thread(_save, file, self.tools, self._facts.stored)
        except OSError as error:
            self._warn(f"The list of MCP tools could not be kept with the session: {error.strerror}.")


def _save(file: Path, tools: Sequence[ServerTool], stored: Sequence[ServerTool] | None) -> None:
    if tools != stored or not os.path.lexists(file):  # a fork has a folder of its own
        native.save(file, tools)
