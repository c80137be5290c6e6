"""What servers offer beside tools, as a session uses it: resources to be read and attached, prompts to be typed. Must
not know the engine, or front ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.reach.catalogue import ServerCatalogue
from coder.app.reach.resources import Reading, ServerResources
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Block
from coder.core.tools import Tool
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.tools.resources import ListMcpResources, ReadMcpResource

if TYPE_CHECKING:
    from coder.app.commanding.expanded import Expanded, Offered
    from coder.app.reach import attaching, prompts
    from coder.app.reach.prompts import OnExpansion
else:  # where a prompt names one, or a menu is drawn
    attaching, prompts = LazyModule("coder.app.reach.attaching"), LazyModule("coder.app.reach.prompts")

_ABOUT = 120
_BEGINS = "/mcp__"  # prompts.BEGINS, without loading it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Needs:
    """`reached` gives a server that is connected, or raises ToolError; `denied` is why a rule does not let the
    resources of a server be read, or ""; `hooked` is what hooks say of a command; `folder` is for what is too long to
    be sent."""

    reached: Callable[[str], Awaitable[Link]]
    reading: Reading
    denied: Callable[[str], str]
    hooked: OnExpansion
    folder: Path


class Offering:
    def __init__(self, links: Sequence[Link], catalogue: ServerCatalogue, needs: Needs) -> None:
        self._links = links
        self._resources = ServerResources(links, catalogue, needs.reached, needs.reading)
        self._needs = needs
        self._attaching: attaching.ServerAttaching | None = None
        self._prompts: prompts.ServerPrompts | None = None

    def readers(self) -> tuple[Tool, ...]:
        """The tools by which the model reads resources."""
        return (ListMcpResources(self._resources), ReadMcpResource(self._resources))

    async def expand(self, line: str) -> Expanded | None:
        """What a line that names a prompt stands for. Raises SessionError."""
        return await self._made_prompts().expand(line) if line.lstrip().startswith(_BEGINS) else None

    def commands(self) -> tuple[Offered, ...]:
        """The prompts that may be typed now."""
        if not any(link.offer.prompts for link in self._links):
            return ()
        return self._made_prompts().offered()

    def may_be(self, name: str) -> bool:
        """Whether a name, without its slash, may be that of a prompt of a server that has not told all yet."""
        return name.startswith(_BEGINS[1:]) and self._made_prompts().may_be(name)

    async def attach(self, text: str) -> tuple[Block, ...]:
        """The resources that a text mentions. Raises SessionError."""
        if self._attaching is None:
            needs = self._needs
            self._attaching = attaching.ServerAttaching(
                self._resources,
                needs.reading,
                lambda: {link.server.name for link in self._links},
                needs.denied,
                needs.folder,
            )
        return await self._attaching(text)

    def mentionable(self) -> tuple[tuple[str, str], ...]:
        """What can be named behind an `@`, with a word about each; a template is open at its first placeholder."""
        found = []
        for each in self._resources.offered():
            uri = each.uri.partition("{")[0] if each.is_template else each.uri
            about = visible_line((each.name or each.description)[:_ABOUT])
            if uri.isprintable() and '"' not in uri:
                found.append((f"{each.server}:{uri}", about))
        return tuple(dict(found).items())

    def _made_prompts(self) -> prompts.ServerPrompts:
        if self._prompts is None:
            needs = self._needs
            self._prompts = prompts.ServerPrompts(self._links, needs.reached, needs.reading, needs.folder, needs.hooked)
        return self._prompts
