"""Options of the TypeScript SDK that few hosts give."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.fakeapi import fake_api, fault, rule, tool, tool_input, turn
from tests.support.fanout import GO, fan
from tests.support.plugged import bakery
from tests.support.sdk_stage import NodeStage, wire, wire_results

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]
ASKING = Path(__file__).parents[2] / "support" / "mcp_servers" / "asking.py"
SERVERS = {"asking": {"command": sys.executable, "args": [str(ASKING)], "env": {"KEPT": "off-the-command-line"}}}
REQUIRED = {"extraArgs": {"require-mcp": "asking"}, "allowedTools": ["mcp__asking", "mcp__kitchen"]}


@pytest.mark.behaviour("B-2432")
@pytest.mark.behaviour("B-2433")
def test_nobody_is_asked_and_a_policy_forbids(node: NodeStage) -> None:
    calls = turn(tool("Bash", command="touch a"), tool("Bash", command="mkdir b"))
    policy = {"permissions": {"deny": ["Bash(mkdir *)"], "allow": ["Bash"]}}
    with fake_api([calls, turn("done"), calls, turn("done")]) as api:
        alone = node.play("optional.asked", api, options={"permissionPrompts": "none", "managedSettings": policy})
        asked = node.play("optional.asked", api, options={"permissionPrompts": "host", "managedSettings": policy})
    assert alone["error"] is None and alone["leave"] == [] and asked["leave"] == ["Bash"]
    assert "nobody is there to give it" in wire_results(alone["messages"])[0]
    assert (node.place.project / "a").exists() and not (node.place.project / "b").exists()
    told = [m["content"] for m in wire(alone["messages"], "system", "informational")]
    assert any("permissions.allow" in text for text in told)


@pytest.mark.behaviour("B-2434")
@pytest.mark.behaviour("B-2435")
@pytest.mark.behaviour("B-2439")
@pytest.mark.parametrize("elicits", [{"action": "accept", "content": {"city": "Ulm"}}, None])
def test_servers_come_with_initialize_and_ask_the_host(node: NodeStage, elicits: object) -> None:
    options = {**REQUIRED, "mcpServersDelivery": "initialize", "mcpServers": SERVERS}
    with fake_api([turn(tool_input("mcp__asking__ask", {})), turn("done")]) as api:
        told = node.play("optional.asked", api, options=options, elicits=elicits)
    assert told["error"] is None
    (answer,) = wire_results(told["messages"])
    assert "Ulm" in answer if elicits else "decline" in answer
    assert [each["serverName"] for each in told["elicited"]] == (["asking"] if elicits else [])


@pytest.mark.behaviour("B-2600")
def test_plugins_come_with_initialize(node: NodeStage, tmp_path: Path) -> None:
    bread = bakery(tmp_path / "bakery")
    plugins = [{"type": "local", "path": str(bread), "skipMcpDiscovery": True}]
    options = {"plugins": plugins, "pluginDelivery": "initialize"}
    with fake_api([turn("done")]) as api:
        told = node.play("asking.one", api, prompt="/bakery:knead dough", options=options)
    (init,) = wire(told["messages"], "system", "init")
    assert init["plugins"] == [{"name": "bakery", "path": str(bread)}] and init["mcp_servers"] == []
    assert f"Knead dough in {bread}." in str(api.requests[0]["messages"])


@pytest.mark.behaviour("B-2439")
def test_the_hosts_own_servers_beside_others_and_with_none_but_those(node: NodeStage) -> None:
    options = {**REQUIRED, "mcpServersDelivery": "initialize", "strictMcpConfig": True}
    with fake_api([turn(tool_input("mcp__kitchen__bake", {"bread": "rye"})), turn("done")]) as api:
        told = node.play("optional.served", api, options=options, servers=SERVERS)
    assert told["error"] is None and told["baked"] == [{"bread": "rye"}]
    init = wire(told["messages"], "system", "init")[0]
    assert {each["name"] for each in init["mcp_servers"]} == {"asking", "kitchen"}


@pytest.mark.behaviour("B-2436")
@pytest.mark.behaviour("B-2437")
@pytest.mark.behaviour("B-2438")
@pytest.mark.behaviour("B-2439")
def test_a_title_words_for_planning_and_a_tool_that_means_another(node: NodeStage) -> None:
    options = {
        "title": "The bakery",
        "permissionMode": "plan",
        "planModeInstructions": "Ask the baker first.",
        "toolAliases": {"Fetch": "Read"},
        "toolConfig": {"askUserQuestion": {"previewFormat": "html"}},
    }
    (node.place.project / "a.txt").write_text("rye\n")
    call = turn(tool("Fetch", file_path=str(node.place.project / "a.txt")))
    with fake_api([call, turn("done")], allow_violations=True) as api:
        told = node.play("optional.asked", api, options=options)
        assert "Ask the baker first." in json.dumps(api.requests[0]["messages"])
        (asks,) = [each for each in api.requests[0]["tools"] if each["name"] == "AskUserQuestion"]
        assert "HTML" in asks["description"]
    assert told["error"] is None and "rye" in wire_results(told["messages"])[0]
    (transcript,) = (node.place.home / ".coder" / "projects").glob("*/*.jsonl")
    assert '"The bakery"' in transcript.read_text()


@pytest.mark.behaviour("B-2440")
@pytest.mark.parametrize("stops", [True, False])
def test_an_interrupt_and_agents_in_the_background(node: NodeStage, stops: bool) -> None:
    stalled = rule({"user_regex": "^part"}, "Never.", fault=fault("stall", after=2, times="forever"))
    launched = rule({"last_tool_result_contains": "works in the background"}, "I go on.")
    script = fan(
        ["part x"], rule({"last_user_contains": "and now"}, "Told."), stalled, launched, run_in_background=True
    )
    options = {"perTaskStopAffordance": stops, "env": {"CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS": "50"}}
    with fake_api(script, allow_violations=True) as api:
        told = node.play("optional.interrupted", api, prompt=GO, options=options)
    before = wire([*told["second"]], "system", "task_notification")
    assert [each["status"] for each in before] == ([] if stops else ["stopped"])
