"""The tools of the servers as the search sees them. Must not know how it searches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from coder.app.reach.known import Known, definition, described
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.mcp.link import Link
from coder.mcp.server import ServerTool

if TYPE_CHECKING:
    from coder.tools.finding import index
else:  # loaded at the first search
    index = LazyModule("coder.tools.finding.index")

_PATIENCE = 15.0  # seconds for servers that are still connecting


class ServerCatalogue:
    """`begin` lets the servers connect, if nobody has; `patience` is how long one search waits for them."""

    def __init__(
        self, links: Sequence[Link], known: Known, begin: Callable[[], None], patience: float = _PATIENCE
    ) -> None:
        self._links = links
        self._known = known
        self._begin = begin
        self._patience = patience
        self._waited: set[str] = set()  # for these, long enough

    def findables(self) -> Sequence[index.Findable]:
        return [_findable(tool) for tool in self._known.usable()]

    def definition(self, name: str) -> Json:
        tool = self._known.current(name)
        return definition(tool) if tool is not None else {}

    async def settle(self) -> None:
        """Waits for servers that are still connecting, not for long."""
        self._begin()
        waiting = [link for link in self._links if link.standing.state in ("pending", "connecting")]
        waiting = [link for link in waiting if link.server.name not in self._waited]
        await wait_for_all([link.ready() for link in waiting], self._patience)
        # One that was there, and begins anew later, is worth another wait.
        self._waited |= {link.server.name for link in waiting if link.standing.state != "connected"}

    def missing(self) -> Sequence[tuple[str, str]]:
        """The servers that are not there, and why."""
        gone = (link for link in self._links if link.standing.state not in ("connected", "disabled"))
        return [(link.server.name, reason_of(link)) for link in gone]


async def wait_for_all(waits: Sequence[Awaitable[bool]], seconds: float | None = None) -> None:
    """Until each of them has an answer, or the time is over. What is still waited for then is left alone."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def reason_of(link: Link) -> str:
    """Why a server cannot be used at the moment; one line."""
    name, standing = link.server.name, link.standing
    whole = f"The MCP server {name} "
    reason = f"it {standing.reason.removeprefix(whole)}" if standing.reason.startswith(whole) else standing.reason
    match standing.state:
        case "pending" | "connecting":
            return reason or "it is still connecting"
        case "needs-auth":
            return reason or f"it needs a login: coder mcp login {name}"
        case _:
            return reason or "it failed"


def _findable(tool: ServerTool) -> index.Findable:
    properties = tool.schema.get("properties")
    parameters = properties.items() if isinstance(properties, dict) else ()
    made: index.Findable = index.Findable(
        name=tool.name,
        server=tool.server,
        title=tool.title,
        description=described(tool),
        parameters=tuple((str(name), _about(form)) for name, form in parameters),
    )
    return made


def _about(form: object) -> str:
    about = form.get("description") if isinstance(form, dict) else None
    return about if isinstance(about, str) else ""
