"""Whole runs with real servers: what a person and the model see of them, and how a run ends that needs one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.sitting import sitting

ODD = Path(__file__).parents[1] / "support" / "mcp_servers" / "odd.py"


def entry(fault: str = "") -> Json:
    return {"command": sys.executable, "args": [str(ODD), *([fault] if fault else [])]}


def settings(**servers: Json) -> str:
    return json.dumps({"mcpServers": servers})


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"]]


@pytest.mark.behaviour("B-1621")
@pytest.mark.behaviour("B-1628")
@pytest.mark.behaviour("B-1634")
def test_a_server_is_used_known_the_next_time_and_missed_where_it_must_be_there(place: Place) -> None:
    use = {"name": "mcp__good__echo", "input": {"text": "hi"}}
    calls = [tool_input("ToolSearch", {"query": "select:echo"}), tool_input("UseTool", use)]
    direct = tool_input("mcp__good__echo", {"text": "again"})
    given = settings(good=entry(), gone={"command": "/nonexistent/program"})
    common = ("-p", "go", "--mcp-config", given, "--allowedTools", "mcp__good")
    with fake_api([*map(turn, calls), turn("One."), turn(direct), turn("Two.")]) as api:
        done = place.coder(*common, url=api.url)
        assert (done.code, done.stdout) == (0, "One.\n"), done
        assert "MCP server gone is not there: it cannot be started" in done.stderr
        again = place.coder(
            *common, "--require-mcp", "good", "--output-format", "stream-json", "--verbose", url=api.url
        )
        assert again.code == 0, again
        assert again.lines[0]["mcp_servers"][0] == {"name": "good", "status": "connected"}
        assert "mcp__good__echo" in again.lines[0]["tools"]
        missed = place.coder(*common, "--require-mcp", "gone", url=api.url)
        assert missed.code == 3 and missed.stderr.startswith("coder: MCP server gone is not there: it cannot be"), (
            missed
        )
        assert missed.stdout == "" and missed.stderr.count("\n") == 1
    assert len(api.requests) == 5  # none of the run that was missing one
    said = [json.dumps(body["messages"][-1]["content"]) for body in api.requests]
    assert '\\"input_schema\\"' in said[1] and "hi" in said[2] and "again" in said[4]
    assert names(api.requests[3])[-3:] == ["mcp__good__echo", "ToolSearch", "UseTool"]


@pytest.mark.behaviour("B-1629")
@pytest.mark.behaviour("B-1633")
def test_servers_that_hang_and_crash_are_seen_and_never_waited_for(tmp_path: Path) -> None:
    given = settings(hang={"command": "sleep", "args": ["600"]}, crash={"command": "false"})
    with sitting(tmp_path, turn("Done."), arguments=("--mcp-config", given), rows=40) as seat:
        seat.say("go")
        seat.terminal.wait(lambda: any("! MCP server crash is not there" in line for line in seat.terminal.history))
        assert "- hang: still connecting" in json.dumps(seat.talk[0]["messages"])
        seat.terminal.send("/mcp")
        seat.terminal.press("enter")
        seat.terminal.wait(lambda: any("crash   failed" in line for line in seat.terminal.screen))
        assert any("hang    connecting" in line for line in seat.terminal.screen)
        seat.terminal.press("esc")
        seat.free()
