"""How the servers of a session are doing, for people. Values; must not know who shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from coder.app.reach.catalogue import reason_of
from coder.app.reach.facts import Facts
from coder.app.reach.known import Known, tokens
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.mcp.link import Link
from coder.mcp.server import Hosted, Http, Scope, Server, ServerTool, State, Stdio
from coder.mcp.veil import veil_of


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ServerRow:
    """`tokens` is about what its tools would take in a request, `loaded` how many of them stand in it. `reason` is
    foreign text."""

    name: str
    state: State
    reason: str = ""
    scope: Scope | None = None
    origin: str = ""
    tools: tuple[ServerTool, ...] = ()
    tokens: int = 0
    loaded: int = 0
    log: Path | None = None
    title: str = ""
    version: str = ""
    is_cached: bool = False  # what it offers was told by an earlier session
    held: tuple[str, ...] = ()  # tools of an extension that nobody has said yes to
    config: Json | None = None  # how it is reached, without anything that may be a secret


def rows_of(facts: Facts, links: Iterable[Link], known: Known, loaded: Collection[str]) -> Iterator[ServerRow]:
    """All servers, also those that are not used. `loaded` are the names of tools that stand in requests."""
    there: set[str] = set()
    for link in links:
        there.add(link.server.name)
        yield _row(link, known.of(link.server.name), loaded)
    for each in facts.off:
        if each.name in there:  # one that was set since
            continue
        why = f'{each.origin} says "disabled" of it.' if each.is_off else ""
        yield ServerRow(each.name, "disabled", why, each.scope, each.origin)
    for name, why in facts.unapproved.items():
        yield ServerRow(name, "unapproved", why, "project")


def _row(link: Link, tools: tuple[ServerTool, ...], loaded: Collection[str]) -> ServerRow:
    offer, server = link.offer, link.server
    reason = "" if link.standing.state == "connected" or not link.standing.reason else reason_of(link)
    reason = reason.removesuffix(f" Its log is {link.standing.log}.")  # which has a row of its own
    return ServerRow(
        server.name,
        link.standing.state,
        reason,
        server.scope,
        server.origin,
        tools,
        tokens(tools),
        sum(tool.name in loaded for tool in tools),
        link.standing.log,
        offer.title,
        offer.version,
        offer.cached,
        tuple(tool.tool for tool in offer.held),
        _config(server),
    )


def _config(server: Server) -> Json:
    match server.transport:
        case Stdio(command=command):
            return {"type": "stdio", "command": veil_of(server)(command)}
        case Http(kind=kind, url=url):
            return {"type": kind, "url": veil_of(server)(_bare(url))}
        case Hosted():
            return {"type": "sdk", "name": server.name}


def _bare(url: str) -> str:
    """Without what may hold a password or a token."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
