"""How the servers of a session are doing, for people. Values; must not know who shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coder.mcp.server import Scope, ServerTool, State


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
