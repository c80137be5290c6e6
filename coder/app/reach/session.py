"""The servers of one session, as the rest of it sees them: tools, calls, news, how they are doing. Must not know the
engine or front ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from coder.app.reach.beginning import Beginning
from coder.app.reach.catalogue import ServerCatalogue, wait_for_all
from coder.app.reach.facts import Facts, Ties
from coder.app.reach.holding import held_back
from coder.app.reach.host import SessionHost
from coder.app.reach.in_requests import InRequests
from coder.app.reach.known import Known
from coder.app.reach.linking import Connect, Unlinked
from coder.app.reach.news import ServerNews
from coder.app.reach.offering import Needs, Offering
from coder.app.reach.pins import Pins
from coder.app.reach.resources import Reading
from coder.app.reach.saying import Saying, away
from coder.app.reach.setting import Setting
from coder.app.reach.turning import Turning
from coder.core.errors import ToolError
from coder.core.events import AnyEvent, StreamEvent
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message
from coder.core.tools import ASKS_MODEL, Tool
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.mcp.server import ServerTool, tool_name
from coder.tools.finding.tool import ToolSearch
from coder.tools.use_tool import UseTool

if TYPE_CHECKING:
    from coder.app.reach import hook_calls, rows
    from coder.app.reach import tools as calling
    from coder.app.reach.rows import ServerRow
else:  # for whoever looks, for tools that are known, and where a hook calls one
    hook_calls, rows, calling = (LazyModule(f"coder.app.reach.{name}") for name in ("hook_calls", "rows", "tools"))


class Reach:
    def __init__(
        self, facts: Facts, ties: Ties, pins: Pins, connect: Connect, connect_further: Connect | None = None
    ) -> None:
        """`connect_further` is for servers that come later; by default they are as those it begins with."""
        self._facts = facts
        self._ties = ties
        self._pins = pins
        self._saying = Saying(ties.emit)
        host = SessionHost(ties.roots, self._changed, ties.answering, self._saying.warn)
        linking = connect(facts.servers, host) if facts.servers else Unlinked()
        self._beginning = Beginning(linking)
        self._links = list(map(Turning, linking.links))
        self.setting = Setting(self._links, linking, connect_further or connect, host, self._others)
        self._known = Known(self._links, ties.removed)
        self._catalogue = ServerCatalogue(self._links, self._known, self.begin)
        reading = Reading(ties.shrink, facts.env)
        needs = Needs(self.reached, reading, ties.denied, ties.hooked, ties.folder)
        self.offering = Offering(self._links, self._catalogue, needs)
        self.on_change: Callable[[], None] = lambda: None  # for who shows what they offer
        self._may_sample: set[str] = set()  # servers' names for it, until the session ends
        self._in_requests = InRequests(facts, self._links, self._known, self.begin, self._saying.warn)
        self.news = ServerNews(self._links, self._known, lambda: self._in_requests.tools, self._in_requests.defers)
        self.warnings = facts.problems
        self.skipped = facts.skipped

    # What the engine is given.

    def tools(self) -> tuple[Tool, ...]:
        """What stands in requests behind all other tools. The last two are always the same."""
        search = ToolSearch(self._catalogue)
        use = UseTool(lambda name: self._ties.find(name) is not None, lambda: [t.name for t in self._known.usable()])
        return (*map(self._tool, self._in_requests.tools), search, use)

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

    async def named(self, name: str) -> ServerTool | None:
        """The tool that is called so, once the server that may have it is there, or will not be."""
        meant = [link for link in self._links if name.startswith(tool_name(link.server.name, ""))]
        self.begin()
        await wait_for_all([link.ready() for link in meant])
        return self._known.current(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tools of servers, as they are by now."""
        return tuple(tool.name for tool in self._known.usable())

    async def ready(self) -> bool:
        """Before each run: whether other tools stand in requests than before. The first may wait for servers; one in
        the program that embeds us which failed is tried again."""
        failed = [link for link in self._links if link.server.is_hosted and link.standing.state == "failed"]
        for link in failed:
            await link.reconnect()
        if failed:
            await wait_for_all([link.ready() for link in failed])
        return await self._in_requests.ready()

    # What calls need: tools.Servers.

    def current(self, name: str) -> ServerTool | None:
        return self._known.current(name)

    def held(self, name: str) -> str:
        tool = self._known.held(name)
        return held_back(tool.server, tool.tool) if tool is not None else ""

    def forbidden(self, server: str) -> str:
        """Why a rule does not let what the server has to read be read; "" when none does."""
        return self._ties.denied(server)

    def changed(self, tool: ServerTool) -> str:
        link = self._known.link_of(tool.server)
        is_ours = link is None or link.server.is_hosted  # the person's own code may change
        said = "" if is_ours or link is None else self._pins.changed(tool, link.server.digest)
        if self._pins.problem:
            self._saying.warn(self._pins.problem)
            self._pins.problem = ""
        return said

    async def reached(self, server: str) -> Link:
        link = self._known.link_of(server)
        if link is None:
            raise ToolError(f"MCP server {visible_line(server)[:200]} is not there: this session no longer has it.")
        if link.standing.state in ("pending", "connecting"):
            self.begin()
            await link.ready()
        if link.standing.state != "connected":
            raise ToolError(away(link))
        return link

    @property
    def has_hosted(self) -> bool:
        """Whether any lives in the program that embeds us."""
        return any(link.server.is_hosted for link in self._links)

    # When they begin and end.

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, StreamEvent):
            self._in_requests.keep()
        self._beginning.on(event)

    def goes_on(self, said: dict[str, str]) -> None:
        """`said` is why servers are not there, as the person was told in sessions before this one at the same terminal:
        that is not told again. What this session tells is added."""
        self._saying.goes_on(said, {link.server.name for link in self._links})

    def begin_soon(self) -> None:
        """For a session with a person in front, who may be quick."""
        self._beginning.begin_soon()

    def begin(self) -> None:
        self._beginning.begin()

    async def required(self) -> tuple[str, ...]:
        """Waits for those that must be there, each until its deadline; what is to be said of those that are not."""
        wanted = {name: self._known.link_of(name) for name in self._facts.required}
        found = {name: link for name, link in wanted.items() if link is not None}
        # They answer at once, and what is told of the session first tells of them.
        found |= {link.server.name: link for link in self._links if link.server.is_hosted}
        if found:
            self._saying.hold(found)
            self.begin()
            await wait_for_all([link.ready() for link in found.values()])
        return tuple(self._missing(name, link) for name, link in wanted.items() if not _is_there(link))

    def release(self) -> None:
        """Says what was held back while servers were awaited."""
        self._saying.release()

    def _missing(self, name: str, link: Link | None) -> str:
        if link is not None:
            return away(link)
        shown = visible_line(name)
        if name in self._facts.unapproved:
            return f"MCP server {shown} is not there: {self._facts.unapproved[name]}"
        off = next((server for server in self._facts.off if server.name == name), None)
        if off is not None and off.is_off:
            return f'MCP server {shown} is not there: {visible_line(off.origin)} says "disabled" of it.'
        if off is not None:
            return f"MCP server {shown} is not there: it is turned off. Turn it on with: /mcp enable {shown}"
        problem = next((text for text in self._facts.problems if f'"{name}"' in text), "")
        return f"MCP server {shown} is not there: {problem or 'no such server is configured. See: coder mcp list'}"

    async def reconnect(self, name: str) -> bool:
        """Ends a server and begins it anew. Whether it is there then."""
        link = self._known.link_of(name)
        if link is None:
            return False
        self._saying.again(name)
        with self._saying.told_by_another(name):
            if not (self._beginning.has_begun or self.setting.has(name)):
                self.begin()
            else:
                await link.reconnect()
            return await link.ready()

    async def turn(self, name: str, *, is_on: bool) -> bool:
        """Turns a server of this session off or on, until it ends. False for one that it does not have."""
        link = next((link for link in self._links if link.server.name == name), None)
        if link is None or link.is_off == (not is_on):
            return link is not None
        link.is_off = not is_on
        self._saying.again(name)
        self._changed(link)
        if is_on and link.standing.state in ("failed", "needs-auth"):
            await self.reconnect(name)
        return True

    async def aclose(self) -> None:
        await asyncio.gather(self._beginning.aclose(), self.setting.aclose())
        await self._in_requests.aclose()

    # How they are doing.

    def rows(self) -> tuple[ServerRow, ...]:
        """All servers, also those that are not used."""
        loaded = {tool.name for tool in self._in_requests.tools}
        return tuple(rows.rows_of(self._facts, self._links, self._known, loaded))

    def _others(self) -> None:
        """Other servers are there than before."""
        self._in_requests.others()
        self.on_change()

    def _changed(self, link: Link) -> None:
        self.on_change()
        self._saying.changed(link, is_over=self._beginning.is_over)


def _is_there(link: Link | None) -> bool:
    return link is not None and link.standing.state == "connected"
