"""Whether the administrator's lists let a server be used. Pure.

An entry names a server (`serverName`), the words of a command (`serverCommand`) or an address (`serverUrl`). `*` stands
for anything; in an address it never reaches out of the host, or into it. Where an entry leaves port and path open, it
allows no more than it says and denies all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from coder.core.config import ServerSettings
from coder.mcp.server import Hosted, Http, Server, Stdio

_PORTS = {"http": 80, "https": 443}


def refused(server: Server, settings: ServerSettings) -> str:
    """Why the server may not be used; "" when it may. What is denied is denied, whatever allows it."""
    if any(_matches(server, entry, _ANY_KIND, is_wide=True) for entry in settings.denied):
        return "deniedMcpServers names it"
    if settings.allowed is None or isinstance(server.transport, Hosted):
        return ""
    kinds = _kinds(server, settings.allowed)
    if any(_matches(server, entry, kinds, is_wide=False) for entry in settings.allowed):
        return ""
    return "it is not among allowedMcpServers"


_ANY_KIND = ("serverName", "serverCommand", "serverUrl")


def _kinds(server: Server, entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Which entries can allow a server: where the list tells commands, a program of that name alone is not enough, for
    anybody may call theirs so; and so with addresses."""
    sharp = "serverCommand" if isinstance(server.transport, Stdio) else "serverUrl"
    return (sharp,) if any(sharp in entry for entry in entries) else ("serverName",)


def _matches(server: Server, entry: Mapping[str, Any], kinds: tuple[str, ...], *, is_wide: bool) -> bool:
    """An entry that says several things means all of them."""
    said = {kind: entry[kind] for kind in _ANY_KIND if kind in entry}
    if not set(said) & set(kinds):
        return False
    return all(_is_so(server, kind, value, is_wide) for kind, value in said.items())


def _is_so(server: Server, kind: str, value: object, is_wide: bool) -> bool:
    transport = server.transport
    match kind, value, transport:
        case "serverName", str(), _:
            return _like(value, server.name)
        case "serverCommand", list(), Stdio():
            words = (transport.command, *transport.args)
            return len(value) == len(words) and all(
                isinstance(pattern, str) and _like(pattern, word) for pattern, word in zip(value, words, strict=True)
            )
        case "serverUrl", str(), Http():
            return value == "*" or _is_at(value, transport.url, is_wide)
    return False


def _is_at(pattern: str, url: str, is_wide: bool) -> bool:
    try:
        wanted, given = _split(pattern), urlsplit(url)
        port = given.port or _PORTS.get(given.scheme)
    except ValueError:
        return False
    scheme, host, wanted_port, rest = wanted
    is_port = wanted_port in ("*", str(port)) if wanted_port else is_wide or port == _PORTS.get(given.scheme)
    return (
        _like(scheme, given.scheme)
        and _like(host, (given.hostname or "").rstrip("."))
        and is_port
        and ((is_wide and not rest) or _like(rest or "/", _path(given)))
    )


def _split(pattern: str) -> tuple[str, str, str, str]:
    """Scheme, host, port and all that follows, as they are written in a pattern."""
    scheme, colon, after = pattern.partition("://")
    if not colon:
        scheme, after = "*", pattern
    place, slash, path = after.partition("/")
    host, _, port = place.rpartition(":") if re.search(r":[0-9*]+$", place) else (place, "", "")
    return scheme.lower(), host.lower().rstrip(".").strip("[]"), port, f"/{path}" if slash else ""


def _path(given: SplitResult) -> str:
    return f"{given.path or '/'}{'?' if given.query else ''}{given.query}"


def _like(pattern: str, text: str) -> bool:
    """Piece by piece, so that no pattern takes long."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    if not text.startswith(first) or len(text) < len(first) + len(rest[-1]) or not text.endswith(rest[-1]):
        return False
    at, end = len(first), len(text) - len(rest[-1])
    for piece in rest[:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
