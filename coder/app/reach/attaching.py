"""Attaches the resources of servers that a text mentions: `@server:uri`. Must not know who wrote the text, or files.

The person's own mention asks nobody; a rule that denies reading the server's resources holds all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from coder.app.reach.resources import Reading, ServerResources
from coder.commands.mentions import written_mentions
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError, ToolError
from coder.core.messages import Block, Json, Text
from coder.core.visible import visible_line

_MOST_CHARS = 200_000  # of all resources of one prompt together
_NAMED = re.compile(r"([A-Za-z0-9_-]{1,100}):(\S.*)", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_ENDS_OF_SENTENCES = ".:!?…*_"
_CLOSES = re.compile(r"<(\s{0,9}/\s{0,9}attached-)", re.IGNORECASE)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class _Meant:
    server: str
    uri: str

    @property
    def shown(self) -> str:
        return f"@{visible_line(self.server)}:{visible_line(self.uri[:_SHOWN])}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """What may be meant, the likeliest first: a full stop may end the sentence and not the address."""
        bare = self.uri.rstrip(_ENDS_OF_SENTENCES)
        return tuple(dict.fromkeys((bare, self.uri))) if bare else (self.uri,)


class ServerAttaching:
    """`servers` are the names of those that are configured, `denied` why a rule does not let one be read, or ""."""

    def __init__(
        self,
        resources: ServerResources,
        reading: Reading,
        servers: Callable[[], Collection[str]],
        denied: Callable[[str], str],
        folder: Path,
    ) -> None:
        self._resources = resources
        self._reading = reading
        self._servers = servers
        self._denied = denied
        self._folder = folder
        self._count = 0

    async def __call__(self, text: str) -> tuple[Block, ...]:
        """The resources that the text mentions, each once. Raises SessionError for one that is not to be had."""
        blocks: list[Block] = []
        room = _MOST_CHARS
        for meant in dict.fromkeys(self._mentioned(text)):
            if room <= 0:
                raise SessionError(f"{meant.shown} cannot be attached: those before it are all that one message holds.")
            made = await self._attached(meant)
            room -= sum(len(block.text) for block in made if isinstance(block, Text))
            blocks += made
        return tuple(blocks)

    def _mentioned(self, text: str) -> Iterator[_Meant]:
        known = self._servers()
        for written in written_mentions(text):
            found = _NAMED.fullmatch(written)
            if found is None:
                continue
            server, uri = found.groups()
            if server in known and (_SCHEME.match(uri) or uri in self._listed(server)):
                yield _Meant(server, uri)
            elif server not in known and _ADDRESS.match(uri):
                near = get_close_matches(server, known, n=1)
                hint = (
                    f"Did you mean @{near[0]}:{visible_line(uri[:_SHOWN])}?" if near else "/mcp lists those there are."
                )
                raise SessionError(f"@{written[:_SHOWN]} is not attached: there is no MCP server {server}. {hint}")

    def _listed(self, server: str) -> set[str]:
        return {each.uri for each in self._resources.offered() if each.server == server}

    async def _attached(self, meant: _Meant) -> Sequence[Block]:
        if why := self._denied(meant.server):
            raise SessionError(f"{meant.shown} cannot be attached: {visible_line(why)}.")
        uri, contents = await self._contents(meant)
        self._count += 1
        name = f"resource-{self._count}"
        made = await self._reading.blocks([_as_block(each) for each in contents], self._folder, name)
        texts = [block.text for block in made if isinstance(block, Text)]
        others = [block for block in made if not isinstance(block, Text)]
        body = _inside("\n\n".join(texts)) or "(it follows)"
        server, address = _attribute(meant.server), _attribute(uri[:_SHOWN])
        return (Text(prompts.load("reminders/attached_resource", server=server, uri=address, content=body)), *others)

    async def _contents(self, meant: _Meant) -> tuple[str, Sequence[Json]]:
        """With the address that was meant."""
        first: ToolError | None = None
        try:
            await self._resources.there(meant.server)
            listed = self._listed(meant.server)
            for uri in sorted(meant.spellings, key=lambda uri: uri not in listed):
                try:
                    return uri, await self._resources.contents(meant.server, uri)
                except ToolError as error:
                    first = first or error
        except ToolError as error:
            first = error
        raise SessionError(f"{meant.shown} cannot be attached: {str(first).rstrip('.')}.") from first


def _as_block(content: Json) -> Json:
    """A text alone, for the mark round it names where it comes from."""
    if isinstance(content.get("text"), str):
        return {"type": "text", "text": content["text"]}
    return {"type": "resource", "resource": content}


def _attribute(text: str) -> str:
    return visible_line(text).replace('"', "'")


def _inside(text: str) -> str:
    """The text as it may stand between our tags: it cannot end them."""
    return _CLOSES.sub(r"<\\\1", text)
