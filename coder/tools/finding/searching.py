"""A search for tools, and what is said of what it found. Must not know servers, or how a tool is called."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.tools import ToolOutput
from coder.tools.finding import shown
from coder.tools.finding.catalogue import Catalogue, Detail
from coder.tools.finding.index import Findable, Index
from coder.tools.finding.query import Names, Pattern, Query, Words, parse

_LEAD = 200  # characters of a description that a pattern is held against
_QUOTED = 200


@dataclass(frozen=True, slots=True)
class _Found:
    names: Sequence[str]
    unknown: Sequence[str] = ()
    unclear: Sequence[str] = ()  # lines on names that several servers have


class Search:
    """`patience`: seconds for a pattern."""

    def __init__(self, catalogue: Catalogue, patience: float) -> None:
        self._catalogue = catalogue
        self._patience = patience
        self._index = Index(())
        self._indexed: tuple[Findable, ...] = ()

    async def found(self, asked: str, most: int, detail: Detail) -> ToolOutput:
        """Raises ToolError for a query that cannot be answered."""
        query = parse(asked)
        if query in (Names(()), Words("")):
            raise ToolError('`query` is empty. Say what is to be done, such as {"query": "comment on an issue"}.')
        findables = tuple(self._catalogue.findables())
        found = self._find(query, most, findables) if isinstance(query, Names) else None
        if found is None or found.unknown:
            # Names that are known need no server; for the rest, those that still connect are waited for.
            await self._catalogue.settle()
            findables = tuple(self._catalogue.findables())
            found = self._find(query, most, findables)
        lines, note = shown.definitions(found.names, detail, self._catalogue.definition)
        missing = self._catalogue.missing()
        text = [*lines.values(), *self._said(asked, detail, found, findables, bool(lines), note), shown.absent(missing)]
        data = {
            "matches": list(lines),
            "query": asked,
            "total_deferred_tools": len(findables),
            "missing_servers": [name for name, _ in missing],
        }
        count = len(lines)
        summary = "nothing found" if not count else f"{count} tool{'' if count == 1 else 's'}"
        return ToolOutput("\n".join(line for line in text if line), data, summary)

    def _said(
        self, asked: str, detail: Detail, found: _Found, findables: Sequence[Findable], is_any: bool, note: str
    ) -> list[str]:
        """What stands below the definitions."""
        lines = [note, *found.unclear]
        for name in found.unknown:
            near = shown.nearest(name, findables)
            hint = f"; the nearest: {', '.join(near)}" if near else ""
            lines.append(f"No tool is called {name[:_QUOTED]}{hint}.")
        if is_any:
            call = "Call one with UseTool: its `name`, and an `input` that fits its `input_schema`."
            more = "" if detail == "full" else " Get that first: select:NAME."
            return [*lines, f"{call}{more}"]
        if not findables:
            return [*lines, "No server offers a tool at the moment."]
        if not found.unknown and not found.unclear:
            near = shown.nearest(asked, findables)
            hint = f" Spelled nearly so: {', '.join(near)}." if near else ""
            lines.append(f"None of {len(findables)} tools was found for this query; other words may find one.{hint}")
        return [*lines, f"Servers and how many tools each has: {shown.servers(findables)}."]

    def _find(self, query: Query, limit: int, findables: tuple[Findable, ...]) -> _Found:
        match query:
            case Names(names):
                return _selected(names, findables)
            case Pattern(pattern):
                return _Found(sorted(self._fitting(pattern, findables))[:limit])
            case Words(text, required):
                if findables != self._indexed:
                    self._index, self._indexed = Index(findables), findables
                hits = self._index.search(text, limit, required)
                return _Found(_named(text, findables) or [hit.name for hit in hits])

    def _fitting(self, pattern: re.Pattern[str], findables: Sequence[Findable]) -> Iterator[str]:
        """Names. Raises ToolError where it would take long: what it is held against is foreign."""
        end = time.monotonic() + self._patience
        for each in findables:
            if pattern.search(_lead(each)):
                yield each.name
            if time.monotonic() > end:
                raise ToolError(
                    "The pattern takes too long over the tools there are. Use words, such as: github issue."
                )


def _lead(tool: Findable) -> str:
    """What a pattern is held against: bounded, since it is foreign and patterns may take long."""
    return f"{tool.name[:200]}\n{tool.title[:100]}\n{tool.description[:_LEAD]}"


def _named(text: str, findables: Sequence[Findable]) -> list[str]:
    """A query that is nothing but the name of a tool means that tool."""
    return [each.name for each in findables if each.name == text]


def _selected(names: Sequence[str], findables: Sequence[Findable]) -> _Found:
    """Whole names, or what the server calls a tool where one server alone has it; letter case aside."""
    whole = {each.name: each.name for each in findables}
    found: dict[str, None] = {}
    unknown, unclear = [], []
    for name in names:
        if name in whole:
            found[name] = None
            continue
        like = [each.name for each in findables if name.lower() in (each.name.lower(), each.short.lower())]
        if len(like) == 1:
            found[like[0]] = None
        elif like:
            unclear.append(f"{name[:_QUOTED]} is the name of {len(like)} tools: select one of {', '.join(like[:10])}.")
        else:
            unknown.append(name)
    return _Found(list(found), unknown, unclear)
