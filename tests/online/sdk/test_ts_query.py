"""The TypeScript SDK's `query()`: one prompt or several, how it ends, and what its options make of it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakeapi import fake_api, fault, rule, tool, turn
from tests.support.plugged import bakery
from tests.support.sdk_stage import NodeStage, wire, wire_results

pytestmark = [pytest.mark.online, pytest.mark.timeout(600), pytest.mark.behaviour("B-2300")]


def end(told: dict[str, Any]) -> dict[str, Any]:
    (found,) = wire(told["messages"], "result")
    return found


def init(told: dict[str, Any]) -> dict[str, Any]:
    return wire(told["messages"], "system", "init")[0]


def test_a_prompt_is_answered(node: NodeStage) -> None:
    with fake_api([turn("hello there")]) as api:
        told = node.play("asking.one", api, prompt="hi")
    assert told["error"] is None
    assert [m["type"] for m in told["messages"]] == ["system", "assistant", "result"]
    assert (end(told)["subtype"], end(told)["result"], end(told)["num_turns"]) == ("success", "hello there", 1)


def test_a_tool_is_called(node: NodeStage) -> None:
    (node.place.project / "a.txt").write_text("wholemeal\n")
    with fake_api([turn(tool("Read", file_path=str(node.place.project / "a.txt"))), turn("bread")]) as api:
        told = node.play("asking.one", api, prompt="what is in it?")
    assert "wholemeal" in wire_results(told["messages"])[0] and end(told)["result"] == "bread"


def test_several_prompts_of_a_stream(node: NodeStage) -> None:
    with fake_api([turn("one"), turn("two")], allow_violations=True) as api:
        told = node.play("asking.stream", api, prompts=["first", "second"])
    ends = wire(told["messages"], "result")
    assert told["error"] is None and ends[-1]["result"] == "two"


def test_partial_messages(node: NodeStage) -> None:
    with fake_api([turn("hello there, how are you today?")]) as api:
        told = node.play("asking.one", api, prompt="hi", options={"includePartialMessages": True})
    events = [m["event"] for m in wire(told["messages"], "stream_event")]
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    text = "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta")
    assert text == "hello there, how are you today?"


@pytest.mark.parametrize("case", ["turns", "budget", "refused"])
def test_errors_have_their_reason(node: NodeStage, case: str) -> None:
    read = tool("Read", file_path="/a.txt")
    script, options, subtype, reason = {
        "turns": (turn(read, repeat="forever"), {"maxTurns": 2}, "error_max_turns", "max_turns"),
        "budget": (
            turn(read, usage={"input_tokens": 900_000}, repeat="forever"),
            {"maxBudgetUsd": 0.5},
            "error_max_budget_usd",
            "budget_exhausted",
        ),
        "refused": (
            turn("x", fault=fault("status", 404, message="model: nope", times="forever")),
            {"model": "nope"},
            "success",
            "api_error",
        ),
    }[case]
    with fake_api([script]) as api:
        told = node.play("asking.one", api, prompt="go", options=options)
    assert (end(told)["subtype"], end(told)["is_error"], end(told)["terminal_reason"]) == (subtype, True, reason)
    assert told["error"] and "exited with code" not in told["error"]


def test_structured_output(node: NodeStage) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
    options = {"outputFormat": {"type": "json_schema", "schema": schema}}
    with fake_api([turn(tool("Submit", sum="many")), turn(tool("Submit", sum=3))]) as api:
        told = node.play("asking.one", api, prompt="add", options=options)
    assert end(told)["structured_output"] == {"sum": 3}


def test_what_each_option_makes_of_the_request(node: NodeStage) -> None:
    """One process of Node for many runs: it is slow to start."""
    runs: list[dict[str, Any]] = [
        {},
        {"systemPrompt": "You are a parrot."},
        {"systemPrompt": ["You are", "two parrots."]},
        {"systemPrompt": {"type": "preset", "preset": "claude_code", "append": "Be a parrot."}},
        {"tools": []},
        {"tools": ["Read", "Bash"]},
        {"tools": {"type": "preset", "preset": "claude_code"}, "disallowedTools": ["Bash"]},
        {"model": "claude-opus-5", "effort": "max", "thinking": {"type": "adaptive"}, "betas": ["x-1"]},
        {"model": "claude-sonnet-4-5", "thinking": {"type": "enabled", "budgetTokens": 2048}},
        {"maxThinkingTokens": 2048, "model": "claude-sonnet-4-5", "taskBudget": {"total": 90_000}},
        {"extraArgs": {"name": "-dashed", "verbose": None}},
        {"settings": {"outputStyle": "mine"}},
        {"settingSources": []},
        {
            "debug": True,
            "debugFile": str(node.place.home / "d.log"),
            "strictMcpConfig": True,
            "promptSuggestions": False,
        },
    ]
    (node.place.project / "CLAUDE.md").write_text("Always bake rye.\n")
    with fake_api([turn("fine", repeat=len(runs))]) as api:
        given = [{"prompt": "hi", "options": options} for options in runs]
        told = node.play("asking.several", api, runs=given)
        sent = api.requests
    assert [(options, each["error"]) for options, each in zip(runs, told, strict=True) if each["error"]] == []
    system = [json.dumps(request.get("system")) for request in sent]
    assert "You are a parrot." in system[1] and "two parrots." in system[2] and "Be a parrot." in system[3]
    tools = [[each["name"] for each in request.get("tools", [])] for request in sent]
    assert tools[4] == [] and sorted(tools[5]) == ["Bash", "Read"] and "Bash" not in tools[6] and "Read" in tools[6]
    assert sent[7]["model"] == "claude-opus-5" and sent[7]["output_config"]["effort"] == "max"
    assert sent[8]["thinking"]["budget_tokens"] == sent[9]["thinking"]["budget_tokens"] == 2048
    assert sent[9]["output_config"]["task_budget"]["total"] == 90_000
    assert init(told[11])["output_style"] == "mine"
    assert (node.place.home / "d.log").stat().st_size
    assert ["Always bake rye." in str(sent[n]) for n in (0, 12)] == [True, False]


def test_the_fallback_model_takes_over(node: NodeStage) -> None:
    busy = rule({"model": "claude-opus-5"}, "never", fault=fault("status", 529, times="forever"))
    options = {"model": "claude-opus-5", "fallbackModel": "claude-sonnet-5", "env": {"CLAUDE_CODE_MAX_RETRIES": "1"}}
    with fake_api({"rules": [busy], "turns": [turn("from the other")]}) as api:
        told = node.play("asking.one", api, prompt="hi", options=options)
    assert end(told)["result"] == "from the other"


def test_sessions_go_on_fork_and_are_not_kept(node: NodeStage) -> None:
    named = str(uuid.uuid4())
    runs = [
        {"prompt": "first", "options": {"sessionId": named}},
        {"prompt": "second", "options": {"resume": named}},
        {"prompt": "third", "options": {"resume": named, "forkSession": True, "persistSession": False}},
        {"prompt": "fourth", "options": {"continue": True}},
    ]
    # Another server for the fork: to one, it and what it came from would be a conversation that changes its past.
    with fake_api([turn("fine", repeat=3)]) as api, fake_api([turn("fine")]) as forked:
        told = node.play("asking.several", api, runs=runs[:2])
        told += node.play("asking.several", forked, runs=runs[2:3])
        told += node.play("asking.several", api, runs=runs[3:])
    sessions = [end(each)["session_id"] for each in told]
    assert sessions[0] == sessions[1] == sessions[3] == named != sessions[2]
    assert ["first" in str(request["messages"]) for request in (*api.requests, *forked.requests)] == [True] * 4


def test_whoever_leaves_or_aborts_leaves_nothing_behind(node: NodeStage) -> None:
    with fake_api([turn("x" * 2000, delay=0.05, repeat=2)], allow_violations=True) as api:
        left = node.play("asking.leaves", api, prompt="go", options={"includePartialMessages": True})
        aborted = node.play("asking.aborts", api, prompt="go")
    assert left["seen"] > 1 and left["stderr"] == [] and aborted["error"]


def test_the_host_may_start_the_program_itself(node: NodeStage) -> None:
    with fake_api([turn("fine")]) as api:
        options = {"permissionMode": "plan", "allowDangerouslySkipPermissions": True}
        told = node.play("asking.spawned", api, prompt="hi", options=options)
    assert end(told)["result"] == "fine" and told["commands"][0][0] == str(node.program)


@pytest.mark.behaviour("B-2400")
def test_plugins(node: NodeStage, tmp_path: Path) -> None:
    """Two of them, of which one is to bring no servers."""
    bread = bakery(tmp_path / "bakery")
    oven = bakery(tmp_path / "oven", more={".claude-plugin/plugin.json": {"name": "oven"}})
    plugins = [{"type": "local", "path": str(bread)}, {"type": "local", "path": str(oven), "skipMcpDiscovery": True}]
    with fake_api([turn("done")]) as api:
        told = node.play("asking.one", api, prompt="/oven:knead dough", options={"plugins": plugins})
    assert init(told)["plugins"] == [{"name": "bakery", "path": str(bread)}, {"name": "oven", "path": str(oven)}]
    assert {"bakery:baker", "oven:baker"} <= set(init(told)["agents"]) and end(told)["result"] == "done"
    assert [each["name"] for each in init(told)["mcp_servers"]] == ["plugin:bakery:oven"]
    assert f"Knead dough in {oven}." in str(api.requests[0]["messages"])
