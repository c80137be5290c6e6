"""A run that has everything that can be left behind: hooks, a server, a command in the background, a subagent."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path

from coder.core.messages import Json
from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import tool, tool_input, turn
from tests.support.hooked import group, settings

ANSWER = "All of it is done."
PARTS = ("hooks", "server", "background", "agent")
COMMANDS = "sleep 0.1; echo one-was-run"


def script(faults: dict[int, Json] | None = None, parts: Collection[str] = PARTS) -> list[Json]:
    """The replies count from 0; `faults` are by reply."""
    replies: list[tuple[Json | str, ...]] = [("I begin.", tool("Bash", command=COMMANDS))]
    if "background" in parts:
        replies.append((tool("Bash", command="sleep 900", run_in_background=True),))
    if "server" in parts:
        replies.append((tool("ToolSearch", query="select:mcp__odd__echo"),))  # which waits for the server
        replies.append((tool_input("UseTool", {"name": "mcp__odd__echo", "input": {"text": "served"}}),))
    if "agent" in parts:
        replies.append((tool("Agent", description="a part", prompt="look at part 1"),))
        replies.append(("The part is fine.",))
    replies.append((ANSWER,))
    bad = faults or {}
    return [
        turn(*blocks, delta=20, **({"fault": bad[number]} if number in bad else {}))
        for number, blocks in enumerate(replies)
    ]


def prepare(place: Place, parts: Collection[str] = PARTS) -> None:
    """The person's settings, and a folder of its own for temporary files."""
    server = {"command": sys.executable, "args": [marked.ODD, ""], "env": {marked.NAME: str(place.home)}}
    hooks = {each: [group("sleep 0.02; true")] for each in ("SessionStart", "PreToolUse", "Stop", "SessionEnd")}
    settings(place, hooks if "hooks" in parts else {})
    servers = {"odd": server} if "server" in parts else {}
    (place.home / "servers.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    temporary(place).mkdir()


def temporary(place: Place) -> Path:
    return place.home / "temporary"


def flags(place: Place) -> tuple[str, ...]:
    return ("--permission-mode", "bypassPermissions", "--mcp-config", str(place.home / "servers.json"))


def environment(place: Place) -> dict[str, str]:
    """All that is started carries the mark (tests/support/marked.py)."""
    return {marked.NAME: str(place.home), "TMPDIR": str(temporary(place)), "CLAUDE_CODE_MAX_RETRIES": "2"}
