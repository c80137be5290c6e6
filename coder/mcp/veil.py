"""Hides what a server was trusted with in what it says. Pure; must not know where the text goes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from coder.core.visible import visible_line
from coder.mcp.server import PLAIN, Http, Server, Stdio

Veil: TypeAlias = Callable[[str], str]

_SHORTEST = 6  # what is shorter is in every text by chance
_SHORTEST_SECRET = 4
_HIDDEN = "[hidden]"
_LONGEST_LINE = 300


def veil_of(server: Server) -> Veil:
    """Replaces the values of its variables and headers, its secrets, the password of its address, and what was put into
    its entry."""
    values = sorted({*_values(server)}, key=len, reverse=True)
    if not values:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, values)))
    return lambda text: pattern.sub(_HIDDEN, text)


def one_line(text: str, veil: Veil) -> str:
    """Foreign text as part of a line for people."""
    shown = visible_line(veil(text[: 4 * _LONGEST_LINE])).strip()
    return shown if len(shown) <= _LONGEST_LINE else shown[: _LONGEST_LINE - 1] + "…"


def _values(server: Server) -> list[str]:
    match server.transport:
        case Stdio(env=env):
            found = [value for name, value in env.items() if name not in PLAIN]
        case Http(url=url, headers=headers):
            found = [*headers.values(), *(word for value in headers.values() for word in value.split())]
            found += re.findall(r"//[^/@]*:([^/@]+)@", url)
        case _:
            found = []
    told = [line for line in _lines((*found, *server.hidden)) if len(line) >= _SHORTEST]
    secrets = server.transport.secrets if isinstance(server.transport, Stdio) else ()
    return told + [line for line in _lines(_ways(secrets)) if len(line) >= _SHORTEST_SECRET]


def _lines(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (value, *value.splitlines())


def _ways(secrets: Iterable[str]) -> Iterator[str]:
    """As programs print a text: as it is, as JSON, and as their language writes it."""
    for secret in secrets:
        yield from {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
