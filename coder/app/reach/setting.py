"""The servers that a program which embeds us sets while a session goes on: its whole set takes the place of the one
before. Those of settings, plugins and the command line stay. Must not know who sets them, or the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from coder.app.hosted import HOST
from coder.app.reach.catalogue import reason_of, wait_for_all
from coder.app.reach.linking import Connect, Linking
from coder.app.reach.turning import Turning
from coder.core.config import Config, ServerSource
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.mcp.allowed import refused
from coder.mcp.entries import MOST, server_of, shadows
from coder.mcp.link import Host, Link
from coder.mcp.server import Server

_SHOWN = 80


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Judged:
    """What of a set may be used. `entries` are those, as they were given; `errors` say why others may not."""

    servers: tuple[Server, ...] = ()
    entries: Mapping[str, object] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Changed:
    """`added` are new, or other ones under their names; `errors` say why some of them are not there."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


def judged(
    config: Config, env: Mapping[str, str], given: Mapping[str, object], staying: Mapping[str, Server]
) -> Judged:
    """`staying` are the servers that are there whatever is given, but under the names that are given."""
    source = ServerSource(HOST, "flag", given, config.cwd)
    servers: dict[str, Server] = {}
    errors: dict[str, str] = {}
    for number, (name, raw) in enumerate(given.items()):
        if number >= MOST:
            errors[name] = f"only the first {MOST} MCP servers are used"
            continue
        server, found = server_of(source, name, raw, env, config.cwd)
        if server is None:
            errors[name] = found[0].text if found else "it cannot be used"
            continue
        others = {each: other for each, other in {**staying, **servers}.items() if each != name}
        if why := _refused(config, server, staying.get(name)) or shadows(server, others):
            errors[name] = f'MCP server "{visible_line(name)[:_SHOWN]}" is not used: {why}.'
        else:
            servers[name] = server
    return Judged(tuple(servers.values()), {name: given[name] for name in servers}, errors)


def _refused(config: Config, server: Server, other: Server | None) -> str:
    """Why it may not be used; "" when it may. `other` has its name."""
    settings = config.servers
    if settings.is_managed and not server.is_hosted:
        return "the administrator says which MCP servers there are"
    if other is not None and other.scope == "managed":
        return "a server of the administrator has that name"
    if server.is_off:
        return 'its entry says "disabled"'
    if server.name in settings.off:
        return f"it is turned off in this project: /mcp enable {server.name}"
    return refused(server, settings)


class Setting:
    """`links` are the servers of the session: those that are set come last, and one that leaves is taken out. `base`
    holds those that the session began with, `connect` makes further links for `host`; `changed` is called at once when
    other servers are there."""

    def __init__(
        self, links: list[Turning], base: Linking, connect: Connect, host: Host, changed: Callable[[], None]
    ) -> None:
        self._links = links
        self._base = base
        self._connect, self._host = connect, host
        self._changed = changed
        self._own: dict[str, Linking] = {}  # those that came since
        self._named: set[str] = set()  # those of others that a set has named: leaving them out removes them
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._behind: set[asyncio.Task[None]] = set()  # those that wait for one that leaves
        self._is_over = False

    def has(self, name: str) -> bool:
        """Whether it came since the session began, and so connects for itself."""
        return name in self._own

    def staying(self) -> dict[str, Server]:
        """The servers that are no part of the set."""
        return {link.server.name: link.server for link in self._links if not self._is_set(link)}

    async def replace(self, servers: Sequence[Server]) -> Changed:
        """These are the set from now on. What is the same as before goes on untouched. Waits for those that are new,
        each until its deadline, and until what leaves has ended."""
        removed, added = self._swap({server.name: server for server in servers})
        if self._is_over:
            return Changed()
        self._changed()
        beginning = [self._begin(name) for name in added]
        leaving = [task for name in removed if (task := self._leaving.get(name)) is not None]
        if tasks := [*leaving, *filter(None, beginning)]:
            await asyncio.wait(tasks)  # whoever no longer waits leaves them alone
        await wait_for_all([link.ready() for link in added.values()])
        errors = {name: self._why(link) for name, link in added.items() if link.standing.state != "connected"}
        return Changed(tuple(added), tuple(removed), errors)

    async def aclose(self) -> None:
        self._is_over = True
        ending = (linking.aclose() for linking in self._own.values())
        await asyncio.gather(*ending, *self._leaving.values(), *self._behind)

    def _swap(self, wanted: Mapping[str, Server]) -> tuple[list[str], dict[str, Turning]]:
        """At once, so that nobody sees half of it. The names that leave, and the links that come."""
        removed: list[str] = []
        kept: set[str] = set()
        for link in tuple(self._links):
            name = link.server.name
            new = wanted.get(name)
            if new is None and not self._is_set(link):
                continue
            if new is not None and _is_same(link.server, new):
                kept.add(name)
                self._named.add(name)
                continue
            self._links.remove(link)
            self._leave(name)
            if new is None:
                removed.append(name)
        added: dict[str, Turning] = {}
        for name, server in wanted.items():
            if name not in kept:
                linking = self._own[name] = self._connect((server,), self._host)
                added[name] = Turning(linking.links[0])
                self._links.append(added[name])
        return removed, added

    def _leave(self, name: str) -> None:
        self._named.discard(name)
        own, before = self._own.pop(name, None), self._leaving.get(name)

        async def end() -> None:
            await asyncio.gather(own.aclose() if own is not None else self._base.drop(name), *_each(before))
            if self._leaving.get(name) is task:
                del self._leaving[name]

        task = self._leaving[name] = asyncio.create_task(end(), name=f"mcp {name} leaves")

    def _begin(self, name: str) -> asyncio.Task[None] | None:
        """One takes the place of another only when that has ended: both may want the same port, or the same file."""
        linking = self._own[name]
        if name not in self._leaving:
            linking.start()
            return None
        task = asyncio.create_task(self._begin_behind(name, linking), name=f"mcp {name} begins")
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
        return task

    async def _begin_behind(self, name: str, linking: Linking) -> None:
        while (leaving := self._leaving.get(name)) is not None:
            await asyncio.wait({leaving})
        if not self._is_over and self._own.get(name) is linking:
            linking.start()

    def _is_set(self, link: Link) -> bool:
        return link.server.origin == HOST or link.server.name in self._named

    def _why(self, link: Turning) -> str:
        return reason_of(link) if link in self._links else "another set took its place meanwhile"


def _is_same(there: Server, new: Server) -> bool:
    """One in the program that embeds us is what that program makes of it: only its name is known here."""
    if there.is_hosted and new.is_hosted:
        return True
    return (there.digest, there.call, there.always_load) == (new.digest, new.call, new.always_load)


def _each(task: asyncio.Task[None] | None) -> list[asyncio.Task[None]]:
    return [] if task is None else [task]
