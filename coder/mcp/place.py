"""Where the servers of a session run, and for how long they are waited for. Must not know servers or the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.mcp.server import Http, Server

START = 30.0
CALL = 100_000.0
IDLE_REMOTE = 300.0
IDLE_LOCAL = 1800.0
_LONGEST = 1_000_000.0  # seconds; what no clock of ours has to count further than

Mind: TypeAlias = Callable[[int, bool], None]
"""Told of a process group when it begins (True) and when it is over. Whoever outlives coder ends the rest."""


Marks: TypeAlias = Callable[[], Mapping[str, str]]
"""What a program has in its environment, so that it is ended even where coder is killed before it could say that it
began, and what left its group is found too. Asked for before each one begins."""


def unminded(group: int, begins: bool) -> None:
    pass


def unmarked() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Place:
    """`cache` is the folder of what servers offered, `logs` of what they printed. `env` is what coder was started
    with."""

    cwd: Path
    cache: Path
    logs: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    mind: Mind = unminded
    marks: Marks = unmarked
    grace: float = 2.0  # seconds for a server to end by itself; half as many more once it was told to


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for all of a start, for a whole call, and for a call of which nothing is heard."""

    start: float
    call: float
    idle: float


def patience(server: Server, env: Mapping[str, str]) -> Patience:
    """The server's own, else the environment's (milliseconds), else the defaults."""
    remote = isinstance(server.transport, Http)
    return Patience(
        server.start or _seconds(env, "MCP_TIMEOUT", START),
        server.call or _seconds(env, "MCP_TOOL_TIMEOUT", CALL),
        _seconds(env, "CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT", IDLE_REMOTE if remote else IDLE_LOCAL),
    )


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or not int(text):
        return default
    return min(int(text) / 1000, _LONGEST)
