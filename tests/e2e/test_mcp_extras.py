"""Whole headless runs with a server that offers and asks more than tools."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool_input, turn

ASKING = Path(__file__).parents[1] / "support" / "mcp_servers" / "asking.py"
GIVEN = json.dumps({"mcpServers": {"shop": {"command": sys.executable, "args": [str(ASKING)]}}})


@pytest.mark.behaviour("B-1771")
@pytest.mark.behaviour("B-1773")
@pytest.mark.behaviour("B-1776")
@pytest.mark.behaviour("B-1780")
def test_headless_runs_use_what_a_server_offers_and_tell_it_no_unless_a_rule_says_yes(place: Place) -> None:
    think = turn(tool_input("UseTool", {"name": "mcp__shop__think"}))
    ask = turn(tool_input("UseTool", {"name": "mcp__shop__ask"}))
    rules = ("--mcp-config", GIVEN, "--allowedTools", "mcp__shop mcp__shop__sampling")
    with fake_api([ask, think, turn("2"), turn("Done.")]) as api:
        done = place.coder("-p", "/mcp__shop__greet @shop:notes://one", *rules, url=api.url)
    assert (done.code, done.stdout) == (0, "Done.\n"), done
    said = [json.dumps(body["messages"][-1]["content"]) for body in api.requests]
    assert "Say hello to @shop:notes://one." in said[0] and "<command-name>/mcp__shop__greet" in said[0]
    assert "<attached-resource" in said[0] and "Buy milk." in said[0]
    assert '\\"action\\": \\"decline\\"' in said[1]
    assert said[2] == '[{"type": "text", "text": "What is 1 + 1?"}]' and '\\"text\\": \\"2\\"' in said[3]
    assert "MCP server shop asked a question, and nobody is there to answer. It was told no." in done.stderr
    assert "MCP server shop tells of an error: the disk is full" in done.stderr
