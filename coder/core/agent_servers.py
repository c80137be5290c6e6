"""What a definition of an agent says of servers: names of those of the session, and servers that it describes itself.
Pure; must not know what an entry means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entries_of(said: object) -> tuple[Any, ...]:
    """The parts of what stands behind `mcpServers` that can be told apart: a list, or servers by name."""
    if isinstance(said, list | tuple):
        return tuple(said)
    return (said,) if isinstance(said, Mapping) and said else ()


def named(entries: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in entries if isinstance(each, str)))


def described(entries: tuple[Any, ...]) -> dict[str, Any]:
    """By name, where one name stands twice the first; entries are as they were written."""
    found: dict[str, Any] = {}
    for each in entries:
        for name, entry in each.items() if isinstance(each, Mapping) else ():
            found.setdefault(str(name), entry)
    return found


def strays(entries: tuple[Any, ...]) -> int:
    """How many are neither."""
    return sum(not isinstance(each, str | Mapping) for each in entries)
