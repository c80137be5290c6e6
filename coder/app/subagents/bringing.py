"""The servers that an agent brings: begun when it begins, offered to it alone, ended with it. Must not know who asked
for the agent, or how a server is reached.

Their tools stand in its requests from the first one on, which waits for them as long as for any server; one that does
not come is said, to people and to the agent, and the agent works without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from coder.agent.gate import Gate, Remember
from coder.app.reach import asking, facts, native, pins, reaching, session
from coder.app.reach.session import Reach
from coder.app.subagents.cast import Cast
from coder.app.subagents.choice import Choice
from coder.app.subagents.footing import Footing
from coder.core.config import ServerSource
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, Notice
from coder.core.messages import Message
from coder.core.tools import Tool
from coder.core.visible import visible_line
from coder.mcp import entries
from coder.mcp.server import as_in_tools
from coder.models import catalog
from coder.tools.use_tool import UseTool

_USE = UseTool.name


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Needs:
    """What of an agent its servers depend on. `gate` and `find`, any tool of the agent, are given late; beside
    its transcript is kept which tools stand in its requests."""

    gate: Callable[[], Gate]
    find: Callable[[str], Tool | None]
    roots: Callable[[], tuple[Path, ...]]
    emit: Callable[[AnyEvent], None]
    transcript: Path | None


class Brought:
    """`choice` says of a tool of theirs whether the agent may have it."""

    def __init__(self, reach: Reach, choice: Choice, find: Callable[[str], Tool | None]) -> None:
        self._reach = reach
        self._choice = choice
        self._find = find
        self.news = reach.news

    async def begin(self) -> bool:
        """Waits until each is there, or will not be; whether its tools are others than those before."""
        self._reach.begin()
        return await self._reach.ready()

    def joined(self, tools: Sequence[Tool]) -> list[Tool]:
        """The tools of the agent with theirs, and with what calls those that come later."""
        *theirs, search, _ = self._reach.tools()
        use = UseTool(lambda name: self._find(name) is not None, lambda: self._reach.names)
        made = [use if tool.name == _USE else tool for tool in tools]
        names = {tool.name for tool in made}
        more = (tool for tool in (search, use) if tool.name not in names and self._choice.has(tool.name))
        return [*made, *(tool for tool in theirs if self.allows(tool.name)), *more]

    def find(self, name: str) -> Tool | None:
        return self._reach.find(name) if self.allows(name) else None

    def allows(self, name: str) -> bool:
        return self._choice.allows(name)

    def told(self, message: Message) -> Message:
        """The first message of the agent, with the servers there are."""
        return self._reach.with_servers(message)

    def remembering(self, remember: Remember) -> Remember:
        return self._reach.remembering(remember)

    async def aclose(self) -> None:
        await self._reach.aclose()


def brought(footing: Footing, cast: Cast, source: ServerSource, needs: Needs) -> Brought | None:
    """None where no server of them can be used, which is said. Nothing is begun."""
    outset = footing.outset
    config = outset.config
    env = {**os.environ, **config.env}
    settings = replace(config.servers, sources=(source,), off=(), unapproved={}, required=(), search="false")
    found, problems = entries.servers_of(settings, env, config.cwd)
    for problem in problems:
        needs.emit(Notice(level="warning", text=f"Agent {visible_line(cast.kind)}: {problem.text}"))
    servers = tuple(replace(server, always_load=True) for server in found if not server.is_off)
    if not servers:
        return None
    kept = needs.transcript.with_suffix(".mcp-tools.json") if needs.transcript is not None else None
    stored = native.load(kept) if kept is not None and os.path.lexists(kept) else None
    known = facts.Facts(
        servers=servers,
        off=(),
        unapproved={},
        required=(),
        search=settings.search,
        window=catalog.describe(cast.model).context_window,
        kept=kept,
        stored=stored,
        env=env,
    )
    reaches: list[Reach] = []
    parties = asking.Parties(needs.gate, footing.points)
    ties = reaching.ties_of(outset, needs.find, parties, env, lambda: reaches[0])
    ties = replace(ties, emit=needs.emit, roots=needs.roots)
    connect = footing.connect or reaching.really(outset, env, None)
    reaches.append(session.Reach(known, ties, pins.Pins(config.home / pins.FILE, config.cwd), connect))
    names = [as_in_tools(server.name) for server in servers]
    return Brought(reaches[0], cast.choice.of_servers(names), needs.find)
