"""A run that has everything that can be left behind: hooks, a server, a command in the background, a subagent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from coder.core.messages import Json
from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import rule, tool, tool_input
from tests.support.hooked import group, settings

ANSWER = "All of it is done."
COMMANDS = "sleep 0.1; echo one-was-run"


def script(faults: dict[int, Json] | None = None) -> Json:
    """The replies count from 1; `faults` are by reply."""
    bad = faults or {}

    def step(number: int, when: Json, *blocks: Json | str) -> Json:
        return rule(when, *blocks, delta=20, **({"fault": bad[number]} if number in bad else {}))

    return {
        "rules": [
            step(4, {"user_regex": "^look at part"}, "The part is fine."),
            step(1, {"turn": 1}, "I begin.", tool("Bash", command=COMMANDS)),
            step(
                2,
                {"last_tool_result_contains": "one-was-run"},
                tool("Bash", command="sleep 900", run_in_background=True),
                tool_input("UseTool", {"name": "mcp__odd__echo", "input": {"text": "served"}}),
            ),
            step(3, {"last_tool": "UseTool"}, tool("Agent", description="a part", prompt="look at part 1")),
            step(5, {"last_tool": "Agent"}, ANSWER),
        ]
    }


def prepare(place: Place) -> None:
    """The person's settings, and a folder of its own for temporary files."""
    server = {"command": sys.executable, "args": [marked.ODD, ""], "env": {marked.NAME: str(place.home)}}
    hooks = {each: [group("sleep 0.02; true")] for each in ("SessionStart", "PreToolUse", "Stop", "SessionEnd")}
    settings(place, hooks)
    (place.home / "servers.json").write_text(json.dumps({"mcpServers": {"odd": server}}), encoding="utf-8")
    temporary(place).mkdir()


def temporary(place: Place) -> Path:
    return place.home / "temporary"


def flags(place: Place) -> tuple[str, ...]:
    return ("--permission-mode", "bypassPermissions", "--mcp-config", str(place.home / "servers.json"))


def environment(place: Place) -> dict[str, str]:
    """All that is started carries the mark (tests/support/marked.py)."""
    return {marked.NAME: str(place.home), "TMPDIR": str(temporary(place)), "CLAUDE_CODE_MAX_RETRIES": "2"}
