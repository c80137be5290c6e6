"""The servers of one session: when they begin, which of their tools stand in requests, what is said of them, how they
are doing. Must not know the engine or front ends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.reach import native
from coder.app.reach.catalogue import ServerCatalogue, reason_of, wait_for_all
from coder.app.reach.holding import held_back, held_notice
from coder.app.reach.host import Answering, SessionHost
from coder.app.reach.known import Known, tokens
from coder.app.reach.linking import Connect, Unlinked
from coder.app.reach.news import ServerNews
from coder.app.reach.offering import Needs, Offering
from coder.app.reach.pins import Pins
from coder.app.reach.resources import Reading
from coder.core.errors import ToolError
from coder.core.events import AnyEvent, Notice, StreamEvent, TurnStarted
from coder.core.lazy import LazyModule
from coder.core.messages import Image, Json, Message
from coder.core.tools import ASKS_MODEL, Tool
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.mcp.server import Server, ServerTool, tool_name
from coder.tools.finding.tool import ToolSearch
from coder.tools.use_tool import UseTool

if TYPE_CHECKING:
    from coder.app.reach import hook_calls, rows
    from coder.app.reach import tools as calling
    from coder.app.reach.prompts import OnExpansion
    from coder.app.reach.rows import ServerRow
else:  # for whoever looks, for tools that are known, and where a hook calls one
    hook_calls, rows, calling = (LazyModule(f"coder.app.reach.{name}") for name in ("hook_calls", "rows", "tools"))

_AFTER = 1.0  # seconds after which a request is on its way at last, even where nothing came back yet
_REPLIES = 0.5  # seconds of a reply: one that is shorter than that needed no server
_IDLE = 2.0  # seconds in which somebody who has a first message ready sends it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facts:
    """What of a session its servers depend on. `off` and `unapproved` are names with the reason, `required` those that
    must be there; `kept` is the file of what stands in requests, None for a session that is not kept, `stored` what
    stood there when the session began, None for a new one."""

    servers: tuple[Server, ...]
    off: tuple[Server, ...]
    unapproved: Mapping[str, str]
    required: tuple[str, ...]
    search: str
    window: int
    kept: Path | None
    stored: tuple[ServerTool, ...] | None
    env: Mapping[str, str]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ties:
    """What the session does for its servers. `removed` are the names among some that a rule takes away; `answering` is
    for what they ask; `denied` and `hooked` are as in `offering.Needs`, `folder` is for results that are too long."""

    emit: Callable[[AnyEvent], None]
    roots: Callable[[], tuple[Path, ...]]
    removed: Callable[[Iterable[str]], Sequence[str]]
    shrink: Callable[[Image], Image | None]
    find: Callable[[str], Tool | None]
    answering: Answering
    denied: Callable[[str], str]
    hooked: OnExpansion
    folder: Path


class Reach:
    def __init__(self, facts: Facts, ties: Ties, pins: Pins, connect: Connect) -> None:
        self._facts = facts
        self._ties = ties
        self._pins = pins
        host = SessionHost(ties.roots, self._changed, ties.answering, self._warn)
        self._linking = connect(facts.servers, host) if facts.servers else Unlinked()
        self._links = tuple(self._linking.links)
        self._known = Known(self._links, ties.removed)
        self._catalogue = ServerCatalogue(self._links, self._known, self.begin)
        reading = Reading(ties.shrink, facts.env)
        needs = Needs(self.reached, reading, ties.denied, ties.hooked, ties.folder)
        self.offering = Offering(self._links, self._catalogue, needs)
        self.on_change: Callable[[], None] = lambda: None  # for who shows what they offer
        self._may_sample: set[str] = set()  # servers' names for it, until the session ends
        self._native = facts.stored if facts.stored is not None else self._chosen()
        self._is_settled = facts.stored is not None
        self._is_kept = False
        self._keeping: asyncio.Task[None] | None = None
        self._has_begun = False
        self._closed = False
        self._is_turning = False  # a first request is being made
        self._is_replying = False  # and was taken
        self._said: dict[str, str] = {}
        self._held_of: dict[str, frozenset[str]] = {}  # which tools were said to be held back
        self._awaited: frozenset[str] = frozenset()  # who waits for them says it
        self._held: list[str] | None = None  # what is to be said of others meanwhile, and is not yet
        self.news = ServerNews(self._links, self._known, lambda: self._native, self._defers)
        self.warnings = facts.problems

    # What the engine is given.

    def tools(self) -> tuple[Tool, ...]:
        """What stands in requests behind all other tools. The last two are always the same."""
        search = ToolSearch(self._catalogue)
        use = UseTool(lambda name: self._ties.find(name) is not None, lambda: [t.name for t in self._known.usable()])
        return (*map(self._tool, self._native), search, use)

    def find(self, name: str) -> Tool | None:
        """A tool that does not stand in requests, and can be called all the same."""
        tool = self._known.current(name) or self._known.held(name)
        return self._tool(tool) if tool is not None else None

    def _tool(self, tool: ServerTool) -> Tool:
        made: Tool = calling.McpTool(tool, self._settings)
        return made

    @cached_property
    def _settings(self) -> calling.Settings:
        return calling.Settings(self, self._ties.shrink, self._facts.env)

    def with_servers(self, message: Message) -> Message:
        """The first message, with the servers there are."""
        return replace(message, content=(*message.content, *self.news.first()))

    def remembering(self, remember: Callable[[tuple[str, ...]], Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        """What a person allows from now on for a tool by its name, they allow for the tool as it is now. That a server
        asks the model is allowed until the session ends, and never kept."""

        async def both(rules: tuple[str, ...]) -> str:
            if rules and all(rule in self._sampling_names() for rule in rules):
                self._may_sample.update(rules)
                return ""
            problem = await remember(rules)
            for tool in filter(None, map(self._known.current, rules)):
                if (link := self._known.link_of(tool.server)) is not None:
                    problem = problem or await asyncio.to_thread(self._pins.pin, tool, link.server.digest)
            return problem

        return both

    def lets_sample(self, name: str) -> bool:
        """Whether the person has said that the server of that name for it may ask the model in this session."""
        return name in self._may_sample

    def is_tool(self, name: str) -> bool:
        """Whether a server has a tool of that name."""
        return self._known.current(name) is not None

    def _sampling_names(self) -> set[str]:
        names = {tool_name(link.server.name, ASKS_MODEL) for link in self._links}
        return {name for name in names if not self.is_tool(name)}

    async def call(self, server: str, tool: str, given: Json) -> str:
        """For a hook. Raises ToolError."""
        if held := self.held(tool_name(server, tool)):
            raise ToolError(held)
        return await hook_calls.called(self._known.link_of(server), server, tool, given)

    async def ready(self) -> bool:
        """Before each run. The first waits for the servers whose tools are always loaded; whether other tools stand in
        requests by that."""
        if self._is_kept:
            return False
        before = self._native
        if not self._is_settled:
            always = [link for link in self._links if link.server.always_load and not link.offer.tools]
            if always:
                self.begin()
                await wait_for_all([link.ready() for link in always])
                self._native = self._chosen()
            self._is_settled = True
        self._is_kept = True
        return self._native != before

    def _begin_keeping(self) -> None:
        """Once the first request is answered, so that it does not wait for a disk; at the latest at the end."""
        if self._keeping is None and self._is_kept and self._facts.kept is not None:
            self._keeping = asyncio.create_task(self._keep(self._facts.kept))

    async def _keep(self, file: Path) -> None:
        try:
            await asyncio.to_thread(_keep, file, self._native, self._facts.stored)
        except OSError as error:
            self._warn(f"The list of MCP tools could not be kept with the session: {error.strerror}.")

    # What calls need: tools.Servers.

    def current(self, name: str) -> ServerTool | None:
        return self._known.current(name)

    def held(self, name: str) -> str:
        tool = self._known.held(name)
        return held_back(tool.server, tool.tool) if tool is not None else ""

    def changed(self, tool: ServerTool) -> str:
        link = self._known.link_of(tool.server)
        said = self._pins.changed(tool, link.server.digest) if link is not None else ""
        if self._pins.problem:
            self._warn(self._pins.problem)
            self._pins.problem = ""
        return said

    async def reached(self, server: str) -> Link:
        link = self._known.link_of(server)
        if link is None:
            raise ToolError(f"MCP server {visible_line(server)} is not there: this session no longer has it.")
        if link.standing.state in ("pending", "connecting"):
            self.begin()
            await link.ready()
        if link.standing.state != "connected":
            raise ToolError(_away(link))
        return link

    # When they begin and end.

    def on(self, event: AnyEvent) -> None:
        """Servers begin when the first request is on its way, so that they delay neither it nor the first paint; a run
        of one short reply does without, and so does not wait for them to end."""
        if isinstance(event, StreamEvent):
            self._begin_keeping()
        if self._has_begun:
            return
        if isinstance(event, TurnStarted) and event.turn > 1:
            self.begin()
        elif isinstance(event, TurnStarted):
            self._is_turning = True
            asyncio.get_running_loop().call_later(_AFTER, self.begin)
        elif isinstance(event, StreamEvent) and not self._is_replying:
            self._is_replying = True
            asyncio.get_running_loop().call_later(_REPLIES, self.begin)

    def begin_soon(self) -> None:
        """For a session with a person in front, who may be quick: loading what servers need takes a second of the
        processor's, and their first request goes before it."""
        asyncio.get_running_loop().call_later(_IDLE, self._begin_idle)

    def _begin_idle(self) -> None:
        if not self._is_turning:
            self.begin()

    def begin(self) -> None:
        if not (self._has_begun or self._closed):
            self._has_begun = True
            self._linking.start()

    async def required(self) -> tuple[str, ...]:
        """Waits for those that must be there, each until its deadline; what is to be said of those that are not."""
        wanted = {name: self._known.link_of(name) for name in self._facts.required}
        found = {name: link for name, link in wanted.items() if link is not None}
        if found:
            self._held, self._awaited = [], frozenset(found)
            self.begin()
            await wait_for_all([link.ready() for link in found.values()])
        return tuple(self._missing(name, link) for name, link in wanted.items() if not _is_there(link))

    def release(self) -> None:
        """Says what was held back while servers were awaited."""
        held, self._held, self._awaited = self._held, None, frozenset()
        for text in held or ():
            self._warn(text)

    def _missing(self, name: str, link: Link | None) -> str:
        if link is not None:
            return _away(link)
        shown = visible_line(name)
        if name in self._facts.unapproved:
            return f"MCP server {shown} is not there: {self._facts.unapproved[name]}"
        if any(server.name == name for server in self._facts.off):
            return f"MCP server {shown} is not there: it is turned off. Turn it on with: /mcp enable {shown}"
        problem = next((text for text in self._facts.problems if f'"{name}"' in text), "")
        return f"MCP server {shown} is not there: {problem or 'no such server is configured. See: coder mcp list'}"

    async def reconnect(self, name: str) -> bool:
        """Ends a server and begins it anew. Whether it is there then."""
        link = self._known.link_of(name)
        if link is None:
            return False
        self._said.pop(name, None)
        if not self._has_begun:
            self.begin()
        else:
            await link.reconnect()
        return await link.ready()

    async def aclose(self) -> None:
        self._closed = True
        await self._linking.aclose()
        self._begin_keeping()
        if self._keeping is not None:
            await asyncio.wait({self._keeping})

    # How they are doing.

    def rows(self) -> tuple[ServerRow, ...]:
        """All servers, also those that are not used."""
        links = [self._row(link) for link in self._links]
        off = [rows.ServerRow(each.name, "disabled", "", each.scope, each.origin) for each in self._facts.off]
        waiting = [rows.ServerRow(name, "unapproved", why, "project") for name, why in self._facts.unapproved.items()]
        return (*links, *off, *waiting)

    def _row(self, link: Link) -> ServerRow:
        tools, offer, server = self._known.of(link.server.name), link.offer, link.server
        names: Collection[str] = {tool.name for tool in self._native}
        reason = "" if link.standing.state == "connected" or not link.standing.reason else reason_of(link)
        return rows.ServerRow(
            server.name,
            link.standing.state,
            reason,
            server.scope,
            server.origin,
            tools,
            tokens(tools),
            sum(tool.name in names for tool in tools),
            link.standing.log,
            offer.title,
            offer.version,
            offer.cached,
            tuple(tool.tool for tool in offer.held),
        )

    def _chosen(self) -> tuple[ServerTool, ...]:
        always = {link.server.name for link in self._links if link.server.always_load}
        return native.chosen(self._known.usable(), always, self._facts.search, self._facts.window)

    def _defers(self, tools: Sequence[ServerTool]) -> bool:
        return native.defers(tools, self._facts.search, self._facts.window)

    def _changed(self, link: Link) -> None:
        """A server that is not there is said once for each reason; one that is well is not spoken of."""
        name, state = link.server.name, link.standing.state
        self.on_change()
        if state == "connected":
            self._said.pop(name, None)
            held = frozenset(tool.tool for tool in link.offer.held)
            if not held <= self._held_of.get(name, frozenset()):
                self._held_of[name] = held
                self._warn(held_notice(name, sorted(held)))
        elif state in ("failed", "needs-auth") and not self._closed:
            text = _away(link)
            if self._said.get(name) != text:
                self._said[name] = text
                if name not in self._awaited:
                    self._warn(text)

    def _warn(self, text: str) -> None:
        if self._held is not None:
            self._held.append(text)
        else:
            self._ties.emit(Notice(level="warning", text=text))


def _keep(file: Path, tools: Sequence[ServerTool], stored: Sequence[ServerTool] | None) -> None:
    if tools != stored or not os.path.lexists(file):  # a fork has a folder of its own
        native.save(file, tools)


def _is_there(link: Link | None) -> bool:
    return link is not None and link.standing.state == "connected"


def _away(link: Link) -> str:
    return f"MCP server {visible_line(link.server.name)} is not there: {visible_line(reason_of(link))}"
