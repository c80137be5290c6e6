"""WebSearch: asks the model's provider to search the web. Must not know how that is asked."""

from __future__ import annotations

import re
import time
from typing import Annotated

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError, ToolError
from coder.core.messages import Json
from coder.core.requests import Effect
from coder.core.tools import Calls, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.tools.web.fence import fenced
from coder.tools.web.room import MOST_SEARCHES, Link, Search, Searched, WebRoom

_DOMAIN = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]{0,250}[a-z0-9_])?(?:/[!-~]*)?\Z", re.IGNORECASE)
_LONGEST = 2_000  # characters of a query
_MOST_DOMAINS = 50


@dataclass(frozen=True, slots=True)
class WebSearchParams:
    query: Annotated[str, "What to look for"]
    allowed_domains: Annotated[tuple[str, ...] | None, "Only results of these hosts"] = None
    blocked_domains: Annotated[tuple[str, ...] | None, "No results of these hosts"] = None


class WebSearch:
    name = "WebSearch"
    params = WebSearchParams

    def __init__(self, room: WebRoom, search: Search) -> None:
        self._room = room
        self._search = search

    def access(self, params: WebSearchParams, workspace: Workspace) -> Calls:
        return Calls("", self.name)

    def summary(self, params: WebSearchParams) -> str:
        return visible_line(params.query)

    async def foresee(self, params: WebSearchParams, workspace: Workspace) -> tuple[Effect, ...]:
        """Nobody is asked about a search that cannot be made."""
        _checked(params)
        return ()

    async def run(self, params: WebSearchParams, context: ToolContext) -> ToolOutput:
        began = time.monotonic()
        query, allowed, blocked = _checked(params)
        if self._room.searches >= MOST_SEARCHES:
            raise ToolError(f"{MOST_SEARCHES} searches were made in this session, which is the limit. Use WebFetch.")
        self._room.searches += 1
        try:
            found = await self._search(query, allowed, blocked)
        except ModelError as error:
            raise ToolError(f"The search failed: {error}") from error
        data = _data(query, found, time.monotonic() - began)
        links = _links(found)
        if found.problem and not links and not found.said:
            raise ToolError(f"The search found nothing: {found.problem}.", data)
        shown = "\n".join(f"- [{_plain(link.title)}]({_target(link.url)}){_age(link)}" for link in links)
        said = f"{found.said}\n\n(One search failed: {found.problem}.)" if found.problem else found.said
        text = prompts.load(
            "web/found", query=f'"{visible_line(query)}"', links=fenced(shown) or "No links.", said=fenced(said)
        )
        return ToolOutput(text.strip(), data, f"{len(links)} result{'' if len(links) == 1 else 's'}")


def _checked(params: WebSearchParams) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    query = params.query.strip()
    if not 1 < len(query) <= _LONGEST:
        raise ToolError(f"`query` must have from 2 to {_LONGEST:,} characters. Example: python 3.14 release notes")
    allowed, blocked = params.allowed_domains or (), params.blocked_domains or ()
    if allowed and blocked:
        raise ToolError("`allowed_domains` and `blocked_domains` cannot both be given. Leave one out.")
    for domain in (*allowed, *blocked):
        if not _DOMAIN.match(domain):
            raise ToolError(f"{visible_line(domain)[:80]!r} is no domain. Write a host alone: docs.python.org")
    if len(allowed) + len(blocked) > _MOST_DOMAINS:
        raise ToolError(f"At most {_MOST_DOMAINS} domains can be named.")
    return query, allowed, blocked


def _links(found: Searched) -> tuple[Link, ...]:
    """Each address once."""
    return tuple({link.url: link for _, links in found.steps for link in links}.values())


def _plain(title: str) -> str:
    """A title that ends no link and begins no other."""
    return visible_line(title)[:200].translate({ord("["): "(", ord("]"): ")"}) or "untitled"


def _target(url: str) -> str:
    return visible_line(url)[:2_000].replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def _age(link: Link) -> str:
    return f" · {visible_line(link.age)[:40]}" if link.age else ""


def _data(query: str, found: Searched, seconds: float) -> Json:
    steps: list[object] = [
        {"tool_use_id": name, "content": [{"title": link.title, "url": link.url} for link in links]}
        for name, links in found.steps
    ]
    said = [found.said] if found.said else []
    return {
        "query": query,
        "results": steps + said,
        "durationSeconds": round(seconds, 3),
        "searchCount": found.count,
    }
