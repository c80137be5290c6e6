"""MCP servers and extensions: how they are doing, what they ask, and what is asked about them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from coder.core.messages import Json
from tests.support.echo_bundles import packed
from tests.support.fakeapi import tool, turn
from tests.support.screens import coder
from tests.support.shop import asked
from tests.support.shots.run import told
from tests.support.shots.slash import below
from tests.support.studio import Shot, Studio, trimmed

SERVERS = Path(__file__).parents[1] / "mcp_servers"
FETCH = tool("WebFetch", url="https://docs.example.org/rounding", prompt="How are cents rounded?")


def use(name: str, **given: Json | str) -> Json:
    return tool("UseTool", name=f"mcp__shop__{name}", input=given)


def configured(studio: Studio, **more: Json) -> None:
    """The servers of the person, by names that are the same each time."""
    program = studio.root / "bin" / "shop-server"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "{studio.root}/bin/asking.py"\n', encoding="utf-8")
    program.chmod(0o755)
    shutil.copy(SERVERS / "asking.py", studio.root / "bin" / "asking.py")
    (studio.root / ".coder").mkdir(exist_ok=True)
    servers = {"shop": {"command": str(program)}, **more}
    (studio.root / ".coder" / ".claude.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")


def listed(studio: Studio) -> Sequence[str]:
    configured(studio, tickets={"command": "tickets-server"})
    with studio.session([]) as term:
        term.wait("! MCP server tickets is not there")
        term.wait("! MCP server shop tells of an error")
        term.send("/mcp\r")
        term.wait("connected")
        term.settle()
        return below(term.screen)


def asks(studio: Studio, call: Json, words: str, *, allowed: bool = True) -> Sequence[str]:
    """What stands there when a call has led to a question."""
    configured(studio)
    given = ("--allowedTools", "mcp__shop") if allowed else ()
    found = turn(tool("ToolSearch", query="the shop"))  # waits for the server
    with studio.session([found, turn(call), turn("As you say.")], *given) as term:
        term.wait("! MCP server shop tells of an error")
        term.send("Go on\r")
        term.wait(words)
        term.settle()
        return told(term, "Go on")


def tool_asked(studio: Studio) -> Sequence[str]:
    return asks(studio, use("work", order="4711", note="by noon"), "esc is 4", allowed=False)


def form(studio: Studio) -> Sequence[str]:
    return asks(studio, use("ask"), "City (1 of 2)")


def a_page(studio: Studio) -> Sequence[str]:
    return asks(studio, use("page"), "wants to open a page")


def model(studio: Studio) -> Sequence[str]:
    return asks(studio, use("think"), "at your cost?")


def fetch(studio: Studio) -> Sequence[str]:
    with studio.session([turn(FETCH), turn("Half up.")], prompt="Go on") as term:
        asked(term, "esc is 4")
        return told(term, "Go on")


def installed(studio: Studio) -> Sequence[str]:
    packed("binary", studio.project).rename(studio.project / "echo.mcpb")
    with coder(studio.place, None, "extension", "install", "echo.mcpb", env=studio.env()) as term:
        term.wait("Install it? [y/N]")
        term.settle()
        return ["$ coder extension install echo.mcpb", *trimmed(term.screen)]


SHOTS = (
    Shot("/mcp, with servers", "One that cannot be started is one row at the start, and says why here.", listed),
    Shot(
        "A server's tool is asked about",
        "What it is called with, and what `2` would save.",
        tool_asked,
    ),
    Shot("A server asks", "One field at a time.", form),
    Shot("A server wants a page opened", "The host and the whole address.", a_page),
    Shot("A server asks the model", "What would be sent, and with which model.", model),
    Shot("An extension is installed", "All it is and would do; nothing of it runs before a yes.", installed),
    Shot("A page is asked about", "Where it is, and what `2` would save.", fetch),
)
