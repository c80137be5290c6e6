"""Servers that a host of the TypeScript SDK sets while its session is open."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.support.fakeapi import fake_api, tool, turn
from tests.support.mcp_links import SERVERS
from tests.support.sdk_stage import NodeStage, wire_results

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]


def uses(name: str, **given: str) -> Any:
    return turn(tool("UseTool", name=name, input=given))


@pytest.mark.behaviour("B-2870")
@pytest.mark.behaviour("B-2873")
def test_they_are_set_between_turns_and_while_one_runs(node: NodeStage) -> None:
    odd = {"type": "stdio", "command": sys.executable, "args": [str(SERVERS / "odd.py")]}
    bakes = [uses("mcp__kitchen__bake", bread="rye"), uses("mcp__odd__echo", text="hello")]
    waits = turn(tool("Bash", command="touch a"))
    script = [turn("one"), *bakes, turn("two"), waits, uses("mcp__larder__bake", bread="flat"), turn("three")]
    with fake_api(script) as api:
        found = node.play("servers.set", api, servers={"odd": odd})
        assert not api.violations
    assert found["changed"] == [
        {"added": ["odd", "kitchen"], "removed": [], "errors": {}},
        {"added": ["larder"], "removed": ["odd", "kitchen"], "errors": {}},
        {"added": [], "removed": ["larder"], "errors": {}},
    ]
    assert {each["name"]: each["status"] for each in found["status"]} == {"kitchen": "connected", "odd": "connected"}
    assert found["none"] == [] and found["baked"] == [["kitchen", "rye"], ["larder", "flat"]]
    assert "a rye bread" in wire_results(found["second"])[0] and "hello" in wire_results(found["second"])[1]
    assert "a flat bread" in wire_results(found["third"])[1]
