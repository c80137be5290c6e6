"""What the servers of a session offer to be read, and reading it. Must not know who asks for it, or the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.reach.catalogue import ServerCatalogue
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.mcp.errors import ServerError
from coder.mcp.link import Link
from coder.mcp.server import Answer
from coder.tools.resources import Offered

if TYPE_CHECKING:
    from coder.app.reach import results
    from coder.app.reach.results import Block, Shrink
else:  # for what was read
    results = LazyModule("coder.app.reach.results")

_SHOWN = 200
_MOST_PARTS = 50


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reading:
    """How what a server says is made fit for the model: pictures smaller, what is too long in files."""

    shrink: Shrink
    env: Mapping[str, str]

    async def output(self, contents: Sequence[Json], folder: Path, name: str) -> ToolOutput:
        answer = Answer(tuple(contents[:_MOST_PARTS]))
        return await asyncio.to_thread(results.output_of, answer, folder, name, None, self.env, self.shrink)

    async def blocks(self, contents: Sequence[Json], folder: Path, name: str) -> tuple[Block, ...]:
        content = (await self.output(contents, folder, name)).content
        assert not isinstance(content, str)
        return content


class ServerResources:
    """Implements `coder.tools.resources.Resources`. `reached` gives a server that is connected, or raises ToolError."""

    def __init__(
        self,
        links: Sequence[Link],
        catalogue: ServerCatalogue,
        reached: Callable[[str], Awaitable[Link]],
        reading: Reading,
    ) -> None:
        self._links = links
        self._catalogue = catalogue
        self._reached = reached
        self._reading = reading

    def offered(self) -> Sequence[Offered]:
        return [
            Offered(each.server, each.uri, each.name, each.description, each.mime, each.is_template)
            for link in self._links
            if link.standing.state == "connected"
            for each in link.offer.resources
        ]

    def servers(self) -> Sequence[str]:
        return [link.server.name for link in self._links if link.standing.state == "connected"]

    def missing(self) -> Sequence[tuple[str, str]]:
        return self._catalogue.missing()

    async def settle(self) -> None:
        await self._catalogue.settle()

    async def read(self, server: str, uri: str, context: ToolContext) -> ToolOutput:
        contents = await self.contents(server, uri)
        as_blocks = [{"type": "resource", "resource": each} for each in contents]
        return await self._reading.output(as_blocks, context.spill_dir, context.tool_use_id)

    async def there(self, server: str) -> None:
        """Waits for a server, until its deadline. Raises ToolError where it does not come."""
        await self._reached(server)

    async def contents(self, server: str, uri: str) -> Sequence[Json]:
        """As the protocol has them. Raises ToolError with one line for people and the model."""
        link = await self._reached(server)
        try:
            return await link.read(uri)
        except ServerError as error:
            said = str(error).removeprefix(f"The MCP server {server} refused the resource {uri}: ")
            shown, why = visible_line(uri[:_SHOWN]), visible_line(said)
            raise ToolError(f"{visible_line(server)} does not give {shown}: {why}") from error
