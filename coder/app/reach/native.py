"""Which tools of servers stand in the request itself: chosen when a session begins, and kept with it, so that a session
that goes on begins its requests with the same bytes. Must not know the engine.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from coder.app.reach.keeping import read_json, write_json
from coder.app.reach.known import tokens
from coder.core.messages import Json
from coder.mcp.server import ServerTool

FILE = "mcp-tools.json"
_MOST_TOOLS = 30
_PERCENT = 10.0
_LONGEST_NAME = 64  # what every provider takes


def chosen(tools: Sequence[ServerTool], always: Collection[str], search: str, window: int) -> tuple[ServerTool, ...]:
    """Those that go into the request, by name: of servers that are `always` loaded all, of the others all or none."""
    fit = sorted((tool for tool in tools if len(tool.name) <= _LONGEST_NAME), key=lambda tool: tool.name)
    if not defers([tool for tool in fit if tool.server not in always], search, window):
        return tuple(fit)
    return tuple(tool for tool in fit if tool.server in always)


def defers(tools: Sequence[ServerTool], search: str, window: int) -> bool:
    """Whether so many definitions are searched instead of told. `search` is auto, auto:N (percent of the window), true
    or false."""
    if search in ("true", "false"):
        return search == "true"
    share = re.fullmatch(r"auto:(\d{1,3})", search)
    percent = float(share[1]) if share else _PERCENT
    return len(tools) > _MOST_TOOLS or tokens(tools) > window * percent / 100


def load(file: Path) -> tuple[ServerTool, ...] | None:
    """What the session began with; None when that is not known."""
    try:
        found = read_json(file)
    except (OSError, ValueError):
        return None
    listed = found.get("tools") if found is not None else None
    if not isinstance(listed, list):
        return None
    made = [_tool(each) for each in listed]
    return tuple(tool for tool in made if tool is not None)


def save(file: Path, tools: Sequence[ServerTool]) -> None:
    """Raises OSError."""
    write_json(file, {"tools": [_json(tool) for tool in tools]})


def _json(tool: ServerTool) -> Json:
    return {
        "server": tool.server,
        "tool": tool.tool,
        "description": tool.description,
        "schema": tool.schema,
        "title": tool.title,
        "hints": dict(tool.hints),
        "limit": tool.limit,
        "alias": tool.alias,
    }


def _tool(raw: Any) -> ServerTool | None:
    match raw:
        case {"server": str(server), "tool": str(tool), "description": str(description), "schema": dict(schema)}:
            hints = raw.get("hints")
            limit = raw.get("limit")
            return ServerTool(
                server,
                tool,
                description,
                schema,
                str(raw.get("title") or ""),
                {k: v for k, v in hints.items() if isinstance(v, bool)} if isinstance(hints, dict) else {},
                limit if isinstance(limit, int) else None,
                str(raw.get("alias") or ""),
            )
        case _:
            return None
