"""What servers of the host say by themselves, through a real process."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.headless.test_host_callbacks import Server
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.wire import wired

ENTRY = json.dumps({"mcpServers": {"own": {"type": "sdk", "name": "own"}}})
CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


def begun(frames: list[dict[str, Any]]) -> dict[str, Any]:
    return next(frame for frame in frames if frame.get("subtype") == "init")


class Growing(Server):
    grown = False

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        made = super().__call__(request)
        result = made["mcp_response"].get("result", {})
        if "capabilities" in result:
            result["capabilities"] = {"tools": {"listChanged": True}}
        if self.grown and "tools" in result:
            result["tools"].append({"name": "later", "inputSchema": {"type": "object"}})
        return made


@pytest.mark.behaviour("B-2462")
def test_a_server_of_the_host_tells_that_its_tools_are_others(place: Place) -> None:
    server = Growing()
    with (
        fake_api([turn("One."), turn("Two.")]) as api,
        wired(place, "--mcp-config", ENTRY, url=api.url, answers={"mcp_message": server}) as wire,
    ):
        wire.say("first")
        assert "mcp__own__later" not in begun(wire.turn())["tools"]
        server.grown = True
        assert wire.ask("mcp_message", server_name="own", message=CHANGED) == {}
        assert wire.ask("mcp_message", server_name="none such", message=CHANGED) == {}
        asks = wire.answer(wire.request("mcp_message", server_name="own", message={**CHANGED, "id": 1}))
        assert "cannot ask" in asks["error"]
        until = time.monotonic() + DEADLINE
        while len(wire.ask("mcp_status")["mcpServers"][0]["tools"]) < 2:
            assert time.monotonic() < until
        assert wire.ask("mcp_status")["mcpServers"][0]["config"] == {"type": "sdk", "name": "own"}
        wire.say("second")
        assert "mcp__own__later" in begun(wire.turn())["tools"]
        assert wire.close() == 0 and wire.stderr == ""
        assert "mcp__own__later" in json.dumps(api.requests[1]["messages"])
