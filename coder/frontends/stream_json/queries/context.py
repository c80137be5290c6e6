"""What fills the context, for a host: the parts as rows and as a grid. Must not know how tokens are counted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from coder.app.reach.known import tokens as weighed
from coder.app.session import Session
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.frontends.stream_json.queries.told import Told, told
from coder.telemetry.context_report import MESSAGES, ContextReport

_SIDE = 10  # squares of the grid in a row, and rows
_MCP = "tool mcp__"


@dataclass(frozen=True, slots=True)
class _Part:
    """`kind` is used, buffer or free."""

    id: str
    name: str
    tokens: int
    color: str
    kind: str = "used"

    def row(self) -> Json:
        return {"id": self.id, "name": self.name, "tokens": self.tokens, "color": self.color, "kind": self.kind}


async def usage(session: Session, request: Json) -> Json:
    del request
    report = await session.context()
    known: Told = await asyncio.to_thread(told, session, report)
    parts = _parts(report, known.own)
    threshold = {} if report.compacts_at is None else {"autoCompactThreshold": report.compacts_at}
    return {
        "categories": [part.row() for part in parts],
        "totalTokens": report.total,
        "maxTokens": report.window,
        "rawMaxTokens": report.window,
        "percentage": _percent(report.total, report.window),
        "gridRows": _grid(parts, report.window),
        "model": report.model,
        "memoryFiles": [
            {
                "path": share.item.name,
                "type": _whose(share.item.name, session),
                "tokens": share.tokens,
            }
            for share in report.shares
            if share.item.category == "memory" and share.item.name.startswith("/")  # not the words about them
        ],
        "mcpTools": list(_mcp_tools(session, report)),
        "agents": known.agents,
        "slashCommands": {
            "totalCommands": len(session.commands),
            "includedCommands": len(session.commands),
            "tokens": 0,  # the model is not told of them
        },
        "skills": {
            "totalSkills": len(known.skills),
            "includedSkills": known.listed,
            "tokens": report.tokens_of("skills"),
            "skillFrontmatter": known.skills,
        },
        "isAutoCompactEnabled": report.compacts_at is not None,
        "apiUsage": _last_usage(session),
        **threshold,
    }


async def of_message(session: Session) -> Json:
    """The same as a message has it that says it in words, too."""
    found = await usage(session, {})
    over = found["totalTokens"] - found["rawMaxTokens"]
    own = [each for each in found["agents"] if each["source"] != "built-in"]
    skills = [each for each in found["skills"]["skillFrontmatter"] if each["tokens"]]
    return {
        "model": found["model"],
        "total_tokens": found["totalTokens"],
        "raw_max_tokens": found["rawMaxTokens"],
        "percentage": found["percentage"],
        **({"over_limit": {"tokens_over": over, "kind": "hard_limit"}} if over > 0 else {}),
        "categories": [{key: row[key] for key in ("name", "tokens", "kind")} for row in found["categories"]],
        "mcp_tools": [
            {"name": each["name"], "server_name": each["serverName"], "tokens": each["tokens"]}
            for each in found["mcpTools"]
        ],
        "memory_files": found["memoryFiles"],
        "agents": [
            {"agent_type": each["agentType"], "source": each["source"], "tokens": each["tokens"]} for each in own
        ],
        **({"skills": [{key: row[key] for key in ("name", "source", "tokens")} for row in skills]} if skills else {}),
    }


def _parts(report: ContextReport, agents: int) -> list[_Part]:
    """In the order in which they stand; those that take nothing are left out, but for what is free. `agents` are the
    tokens of those that files bring, which stand in a tool."""
    of_servers = sum(share.tokens for share in report.shares if share.item.label.startswith(_MCP))
    reserve = report.window - report.compacts_at if report.compacts_at is not None else 0
    reserve = min(max(reserve, 0), report.free)
    found = [
        _Part("system_prompt", "System prompt", report.tokens_of("system prompt"), "promptBorder"),
        _Part("system_tools", "System tools", report.tokens_of("tools") - of_servers - agents, "inactive"),
        _Part("mcp_tools", "MCP tools", of_servers, "cyan"),
        _Part("custom_agents", "Custom agents", agents, "permission"),
        _Part("memory_files", "Memory files", report.tokens_of("memory"), "claude"),
        _Part("skills", "Skills", report.tokens_of("skills"), "warning"),
        _Part("messages", "Messages", report.tokens_of("environment", *MESSAGES), "purple"),
        _Part("autocompact_buffer", "Autocompact buffer", reserve, "inactive", "buffer"),
    ]
    free = _Part("free_space", "Free space", report.free - reserve, "promptBorder", "free")
    return [*(part for part in found if part.tokens), free]


def _grid(parts: Sequence[_Part], window: int) -> list[list[Json]]:
    """Each square is a hundredth of the window; each part that is there has one at least, while there is room."""
    squares: list[Json] = []
    for part in sorted(parts, key=lambda part: part.kind == "buffer"):  # what is kept free stands last
        share = _SIDE * _SIDE * part.tokens / window if window else 0.0
        whole = max(round(share), 1 if part.tokens else 0)
        for number in range(whole):
            full = min(1.0, share - number) if share > number else 0.0
            squares.append(_square(part, window, round(max(full, 0.0), 2)))
    empty = _square(parts[-1], window, 0.0)
    squares = [*squares, *[empty] * (_SIDE * _SIDE)][: _SIDE * _SIDE]
    return [squares[at : at + _SIDE] for at in range(0, _SIDE * _SIDE, _SIDE)]


def _square(part: _Part, window: int, full: float) -> Json:
    return {
        "color": part.color,
        "isFilled": part.kind == "used",
        "categoryName": part.name,
        "tokens": part.tokens,
        "percentage": _percent(part.tokens, window),
        "squareFullness": full,
    }


def _mcp_tools(session: Session, report: ContextReport) -> Iterator[Json]:
    """Those in requests by what they take there, the others by what they would."""
    loaded = {share.item.name: share.tokens for share in report.shares if share.item.label.startswith(_MCP)}
    for server in session.servers.rows:
        for tool in server.tools:
            count = loaded.get(tool.name)
            about = {"name": tool.name, "serverName": server.name, "isLoaded": count is not None}
            yield {**about, "tokens": weighed((tool,)) if count is None else count}


def _whose(path: str, session: Session) -> str:
    """By where it is: beside the project's files, or the person's own."""
    found, cwd = Path(path), session.facts.cwd
    if found.name.endswith(".local.md"):
        return "Local"
    folder = found.parent.parent if found.parent.name == ".claude" else found.parent
    if str(folder) == os.environ.get("HOME"):
        return "User"
    return "Project" if folder == cwd or cwd.is_relative_to(folder) or folder.is_relative_to(cwd) else "User"


def _last_usage(session: Session) -> Json | None:
    replies = (message.meta.usage for message in reversed(session.messages) if message.meta.kind == "reply")
    last = next((usage for usage in replies if usage.prompt_tokens), None)
    if last is None:
        return None
    return {
        "input_tokens": last.input_tokens,
        "output_tokens": last.output_tokens,
        "cache_creation_input_tokens": last.cache_creation_input_tokens,
        "cache_read_input_tokens": last.cache_read_input_tokens,
    }


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
