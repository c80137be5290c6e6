"""Conversations of the TypeScript SDK: functions of the host, control, agents, sessions and their readers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fakeapi import fake_api, rule, tool, tool_input, turn
from tests.support.sdk_stage import NodeStage, wire, wire_results

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]
TOUCH = [turn(tool("Bash", id="toolu_1", command="touch a")), turn("done")]
ALLOW: dict[str, Any] = {"behavior": "allow"}


@pytest.mark.behaviour("B-2301")
@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (ALLOW, ["a"]),
        ({"behavior": "deny", "message": "not on a Sunday"}, []),
        ({"behavior": "allow", "updatedInput": {"command": "touch b"}}, ["b"]),
    ],
)
def test_permissions_are_the_hosts(node: NodeStage, answer: dict[str, Any], made: list[str]) -> None:
    with fake_api(TOUCH) as api:
        told = node.play("talking.permissions", api, answers=[answer])
    (asked,) = told["asked"]
    assert (asked["name"], asked["toolUseID"], asked["input"]["command"]) == ("Bash", "toolu_1", "touch a")
    assert asked["suggestions"][0]["type"] == "addRules"
    assert [name for name in ("a", "b") if (node.place.project / name).exists()] == made
    assert made or "not on a Sunday" in wire_results(told["messages"])[0]


@pytest.mark.behaviour("B-2301")
def test_a_rule_spares_the_next_question_and_an_interrupt_ends_the_turn(node: NodeStage) -> None:
    rules = [{"toolName": "Bash", "ruleContent": "touch *"}]
    update = {"type": "addRules", "rules": rules, "behavior": "allow", "destination": "session"}
    answers = [{**ALLOW, "updatedPermissions": [update]}, {"behavior": "deny", "message": "stop", "interrupt": True}]
    calls = [turn(tool("Bash", command=command)) for command in ("touch a", "touch b", "rmdir c")]
    with fake_api([*calls, turn("never")]) as api:
        told = node.play("talking.permissions", api, answers=answers)
    assert [asked["input"]["command"] for asked in told["asked"]] == ["touch a", "rmdir c"]
    assert (node.place.project / "b").exists() and len(api.requests) == 3
    (end,) = wire(told["messages"], "result")
    assert end["terminal_reason"].startswith("aborted_")


@pytest.mark.behaviour("B-2302")
def test_hooks(node: NodeStage) -> None:
    deny = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "not on a Sunday"}
    more = {"hookEventName": "UserPromptSubmit", "additionalContext": "today is Sunday"}
    given = {
        "PreToolUse": {"matcher": "Bash", "says": {"hookSpecificOutput": deny}},
        "UserPromptSubmit": {"says": {"hookSpecificOutput": more}},
        "Stop": {"says": {}},
    }
    with fake_api(TOUCH) as api:
        told = node.play("talking.hooks", api, hooks=given, options={"includeHookEvents": True})
    events = [each["input"]["hook_event_name"] for each in told["heard"]]
    assert events == ["UserPromptSubmit", "PreToolUse", "Stop"] and told["heard"][1]["toolUseID"] == "toolu_1"
    assert "not on a Sunday" in wire_results(told["messages"])[0] and not (node.place.project / "a").exists()
    assert "today is Sunday" in str(api.requests[0]["messages"])
    assert wire(told["messages"], "system", "hook_response")


@pytest.mark.behaviour("B-2303")
def test_a_function_of_the_host_is_called(node: NodeStage) -> None:
    call = turn(tool_input("mcp__kitchen__bake", {"bread": "rye"}))
    with fake_api([call, turn("done")]) as api:
        told = node.play("talking.servers", api, options={"allowedTools": ["mcp__kitchen"]})
    assert told["baked"] == [{"bread": "rye"}] and "a rye bread" in wire_results(told["messages"])[0]
    init = wire(told["messages"], "system", "init")[0]
    assert [(each["name"], each["status"]) for each in init["mcp_servers"]] == [("kitchen", "connected")]


@pytest.mark.behaviour("B-2304")
def test_agents(node: NodeStage) -> None:
    asks = turn(tool("Agent", id="toolu_a", description="Bake", prompt="Bake ALPHA.", subagent_type="baker"))
    baked = rule({"last_user_contains": "Bake ALPHA"}, "It is baked.", times=1)
    options = {"agents": {"baker": {"description": "Bakes", "prompt": "You are a baker."}}, "forwardSubagentText": True}
    with fake_api({"turns": [asks, turn("all done")], "rules": [baked]}) as api:
        told = node.play("asking.one", api, prompt="go", options=options)
    below = [m for m in wire(told["messages"], "assistant") if m["parent_tool_use_id"]]
    assert [(m["parent_tool_use_id"], m["message"]["content"][0]["text"]) for m in below] == [
        ("toolu_a", "It is baked.")
    ]
    assert wire(told["messages"], "system", "task_started") and wire(told["messages"], "system", "task_notification")


REFUSED = {"reconnect", "stopTask", "override", "updateSettings", "readMcpResource"}


@pytest.mark.behaviour("B-2305")
def test_what_is_asked_between_turns(node: NodeStage) -> None:
    (node.place.project / "a.txt").write_text("wholemeal\n")
    touch = turn(tool("Bash", command="touch b"))
    with fake_api([turn("one"), touch, turn("two")]) as api:
        found = node.play("talking.control", api, options={"model": "claude-sonnet-5"})
    failed = {name for name, said in found.items() if isinstance(said, dict) and "error" in said}
    assert failed == REFUSED, {name: found[name] for name in failed ^ REFUSED}
    value = {name: said["value"] for name, said in found.items() if isinstance(said, dict) and "value" in said}
    assert value["setPermissionMode"] == {"mode": "acceptEdits"} and value["backgroundTasks"] is False
    assert value["readFile"]["contents"] == "wholemeal\n" and value["readOutside"] is None
    assert value["reloadOutputStyles"]["available_output_styles"] and value["reloadSkills"]["skills"] == []
    assert value["spent"]["session"]["total_cost_usd"] > 0 and value["settings"]["applied"]["model"] == "claude-opus-5"
    assert {"Bash(touch *)"} == {each["rule"] for each in value["rules"]["state"]["rules"]}
    assert [r["model"] for r in api.requests] == ["claude-sonnet-5", "claude-opus-5", "claude-opus-5"]
    assert (node.place.project / "b").exists()
    names = {each["name"] for each in found["commands"]["value"]}
    assert {"compact", "context"} <= names and found["models"]["value"]
    assert found["status"]["value"][0]["name"] == "kitchen" and found["usage"]["value"]["totalTokens"] > 0
    assert "nobody" in found["reconnect"]["error"] and "error" in found["stopTask"]
    assert wire(found["second"], "result")[0]["result"] == "two"


@pytest.mark.behaviour("B-2305")
def test_a_turn_is_interrupted(node: NodeStage) -> None:
    with fake_api([turn(tool("Bash", command="echo begun; sleep 60")), turn("again")]) as api:
        found = node.play("talking.interrupted", api, options={"allowedTools": ["Bash"]})
    (end,) = wire(found["told"], "result")
    assert end["subtype"] == "error_during_execution" and end["terminal_reason"].startswith("aborted_")
    assert wire(found["after"], "result")[0]["result"] == "again"


@pytest.mark.behaviour("B-2305")
def test_files_go_back_to_a_message(node: NodeStage) -> None:
    path = node.place.project / "a.txt"
    path.write_text("one\n")
    edit = tool("Edit", file_path=str(path), old_string="one", new_string="two")
    options = {"permissionMode": "acceptEdits"}
    with fake_api([turn(tool("Read", file_path=str(path)), edit), turn("changed")]) as api:
        found = node.play("talking.rewound", api, options=options, path=str(path))
    assert (found["before"], found["still"], found["after"]) == ("two\n", "two\n", "one\n")
    assert found["dry"]["canRewind"] and found["done"]["canRewind"] and found["done"]["filesChanged"] == [str(path)]


@pytest.mark.behaviour("B-2305")
def test_the_readers_of_sessions(node: NodeStage) -> None:
    agent = turn(tool("Agent", description="Look", prompt="Look for ALPHA."))
    with fake_api([agent, turn("found"), turn("bread")]) as api:
        found = node.play("talking.readers", api, prompt="what is in it?")
    assert {each["sessionId"] for each in found["listed"]} == {found["id"], found["fork"]["sessionId"]}
    assert (found["info"]["customTitle"], found["info"]["tag"]) == ("Bread", "kitchen")
    assert [each["type"] for each in found["said"]] == ["user", "assistant", "user", "assistant"]
    assert len(found["agents"]) == 1 and "Look for ALPHA." in str(found["below"])
    assert [each["sessionId"] for each in found["left"]] == [found["fork"]["sessionId"]]


@pytest.mark.behaviour("B-2305")
def test_a_store_has_the_session_and_gives_it_back(node: NodeStage) -> None:
    elsewhere = str(node.place.home / "elsewhere")
    with fake_api([turn("one"), turn("two")]) as api:
        found = node.play("talking.stored", api, prompt="first", elsewhere=elsewhere)
    (kept,) = [count for (_, _, subpath), count in found["kept"] if subpath is None]
    assert kept >= 4 and found["second"]["error"] is None
    ends = [wire(found[name]["messages"], "result")[0]["session_id"] for name in ("first", "second")]
    assert ends[0] == ends[1] and "first" in str(api.requests[-1]["messages"])
