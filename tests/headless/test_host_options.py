"""What the SDKs can pass besides the usual: who is asked, how servers come, names of tools, words for planning."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.headless.test_host_callbacks import DONE, STDIO, Server, results
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, rule, running_api, tool, tool_input, turn
from tests.support.fanout import GO, fan
from tests.support.hosted import hosted
from tests.support.plugged import put
from tests.support.wire import Answers, wired

STALLS = fault("stall", after=2, times="forever")
ASKING = Path(__file__).parents[1] / "support" / "mcp_servers" / "asking.py"


def told(frames: list[dict[str, Any]], subtype: str) -> list[dict[str, Any]]:
    return [frame for frame in frames if frame.get("subtype") == subtype]


@pytest.mark.behaviour("B-2432")
def test_with_nobody_to_ask_the_host_is_not_asked_about_calls(place: Place) -> None:
    asked: list[dict[str, Any]] = []
    question = {"question": "Which?", "header": "W", "options": [{"label": each, "description": ""} for each in "AB"]}
    calls = (
        tool("Bash", command="touch made"),
        tool("Bash", command="ls"),
        tool("AskUserQuestion", questions=[question]),
    )
    flags = (*STDIO, "--permission-prompts=none")

    def heard(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {}

    with (
        fake_api([turn(*calls), DONE]) as api,
        wired(place, *flags, url=api.url, answers={"can_use_tool": heard}) as wire,
    ):
        wire.ask("initialize")
        wire.say("go")
        frames = wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
    first, second, third = results(frames)
    assert "nobody is there to give it" in first and 'is_error": true' not in second and "Nobody is there" in third
    assert asked == [] and not (place.project / "made").exists()
    assert [each["tool_input"] for each in frames[-1]["permission_denials"]] == [{"command": "touch made"}]
    assert len(told(frames, "permission_denied")) == 1


@pytest.mark.behaviour("B-2434")
@pytest.mark.behaviour("B-2435")
@pytest.mark.behaviour("B-2436")
@pytest.mark.behaviour("B-2600")
def test_servers_and_plugins_come_with_initialize_and_servers_ask_the_host(place: Place) -> None:
    bread = put(place.home / "bread", {"commands/go.md": "Go."})
    put(place.project / "oven", {"commands/a.md": "A."})
    plugins = [{"type": "local", "path": str(bread)}, {"type": "local", "path": "oven", "skipMcpDiscovery": True}]
    asked: list[dict[str, Any]] = []

    def elicited(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {"action": "accept", "content": {"city": "Ulm", "more": "x"}} if len(asked) == 1 else {"action": "no"}

    ask = tool_input("mcp__asking__ask", {})
    servers = {"asking": {"command": sys.executable, "args": [str(ASKING)]}, "broken": {"type": "odd"}}
    flags = ("--await-initialize", "--strict-mcp-config", "--allowedTools", "mcp__asking", "--require-mcp", "asking")
    with (
        fake_api([turn(ask), turn(ask), DONE]) as api,
        wired(place, *flags, url=api.url, answers={"elicitation": elicited}) as wire,
    ):
        wire.say("go")  # waits for what is said next
        answer = wire.ask("initialize", mcpServers=servers, title="The\nbakery", plugins=plugins)
        frames = [*wire.seen, *wire.turn()]
        again = wire.ask("initialize", mcpServers=servers, plugins=plugins[:1])
        more = wire.ask("initialize", plugins=[*plugins, {"type": "local", "path": "other"}])
        assert wire.close() == 0 and wire.stderr == ""
    assert answer["mcp_servers_applied"] is True and again["mcp_servers_applied"] is False
    assert [each.get("plugins_applied") for each in (answer, again, more)] == [True, True, False]
    (init,) = told(frames, "init")
    assert [each["path"] for each in init["plugins"]] == [str(bread), str(place.project / "oven")]
    assert {"bread:go", "oven:a"} <= {each["name"] for each in answer["commands"]}
    assert [each["name"] for each in init["mcp_servers"]] == ["asking"]
    assert [each["name"] for each in init["mcp_server_errors"]] == ["broken"]
    first, second = results(frames)
    assert r"\"action\": \"accept\", \"content\": {\"city\": \"Ulm\"}" in first.replace(r"\\\"", r"\"")
    assert "decline" in second
    form = asked[0]["requested_schema"]
    assert (asked[0]["mcp_server_name"], asked[0]["mode"], form["required"]) == ("asking", "form", ["city"])
    (transcript,) = (place.home / ".coder" / "projects").glob("*/*.jsonl")
    assert '"customTitle":"The bakery"' in transcript.read_text().replace('": "', '":"')


@pytest.mark.behaviour("B-2434")
@pytest.mark.behaviour("B-2600")
@pytest.mark.parametrize("flags", [("--await-initialize",), ()])
def test_servers_and_plugins_are_taken_only_where_they_were_waited_for(place: Place, flags: tuple[str, ...]) -> None:
    with fake_api([DONE]) as api, wired(place, *flags, url=api.url) as wire:
        if not flags:
            plugins = [{"type": "local", "path": str(put(place.home / "bread", {"commands/go.md": "Go."}))}]
            answer = wire.ask("initialize", mcpServers={"a": {"command": "x"}}, plugins=plugins)
            assert answer["mcp_servers_applied"] is False is answer["plugins_applied"]
        wire.say("go")
        wire.end()
        frames = wire.rest(ends=False)
        (result,) = [frame for frame in frames if frame["type"] == "result"]
        if flags:
            assert result["is_error"] and "no initialize request came" in result["errors"][0] and not api.requests
            assert wire.process.returncode == 1
        else:
            assert not result["is_error"] and told(frames, "init")[0]["mcp_servers"] == []
            assert told(frames, "init")[0]["plugins"] == []
            assert "--await-initialize" in told(frames, "informational")[0]["content"]


@pytest.mark.behaviour("B-2437")
@pytest.mark.behaviour("B-2438")
@pytest.mark.behaviour("B-2439")
def test_a_tool_may_mean_another_and_plans_be_made_in_the_hosts_words(place: Place) -> None:
    asked: list[str] = []

    def decide(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(f"{request['tool_name']} {request['input']}")
        return {"behavior": "deny", "message": "no"}

    calls = (tool("Bash", text="hi"), tool("Write", command="touch made"), tool("Edit", text="x"))
    aliases = {"Bash": "mcp__own__echo", "Write": "Bash", "Edit": "mcp__nobody__x"}
    more = {"planModeInstructions": "Ask the baker first.", "promptSuggestions": True, "agentProgressSummaries": True}
    flags = (*STDIO, "--strict-mcp-config", "--allowedTools", "mcp__own__echo")
    answers: Answers = {"can_use_tool": decide, "mcp_message": Server()}
    with fake_api([turn(*calls), DONE, DONE, DONE]) as api, wired(place, *flags, url=api.url, answers=answers) as wire:
        plugged = wire.answer(wire.request("initialize", plugins=[{"type": "npm", "path": "/p"}]))
        bad = wire.answer(wire.request("initialize", toolAliases={"Bash": 1}))
        wire.ask("initialize", toolAliases=aliases, sdkMcpServers=["own"], **more)
        wire.say("go")
        frames = wire.turn()
        wire.ask("set_permission_mode", mode="plan")
        for text in ("plan it", "go on planning"):
            wire.say(text)
            wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
        bodies = [json.dumps(body["messages"]) for body in api.requests]
    assert plugged["subtype"] == "error" and "plugins[0] must be" in plugged["error"]
    assert bad["subtype"] == "error" and "toolAliases.Bash must be a text" in bad["error"]
    first, second, third = results(frames)
    assert "heard hi" in first and '"is_error": true' in second and "no tool 'mcp__nobody__x'" in third
    assert asked == ["Bash {'command': 'touch made'}"] and not (place.project / "made").exists()
    assert [body.count("Ask the baker first.") for body in bodies] == [0, 0, 1, 1]
    assert "ExitPlanMode" in bodies[2]
    assert told(frames, "informational") == []


@pytest.mark.behaviour("B-2440")
@pytest.mark.parametrize("stops_tasks", [True, False])
def test_an_interrupt_ends_agents_in_the_background_unless_each_can_be_stopped(place: Place, stops_tasks: bool) -> None:
    stalled = rule({"user_regex": "^part"}, "Never.", fault=STALLS)
    launched = rule({"last_tool_result_contains": "works in the background"}, "I go on.")
    more = rule({"last_user_contains": "and now"}, "All is told.")
    woken = rule({"last_user_contains": "<status>stopped"}, "It was stopped.")
    script = fan(["part x"], more, woken, stalled, launched, run_in_background=True)
    with fake_api(script) as api, wired(place, url=api.url) as wire:
        wire.ask("initialize", **({"perTaskStopAffordance": True} if stops_tasks else {}))
        wire.say(GO)
        (started,) = told(wire.turn(), "task_started")
        wire.ask("interrupt")
        wire.ask("get_context_usage")
        if stops_tasks:
            assert not told(wire.seen, "task_notification")
            wire.request("stop_task", task_id=started["task_id"])
            assert wire.result()["result"] == "It was stopped."
        else:
            if not told(wire.seen, "task_notification"):
                wire.until(lambda frame: frame.get("subtype") == "task_notification")
            wire.say("and now")
            assert wire.result()["result"] == "All is told."
            assert "task-notification" in json.dumps(api.requests[-1]["messages"])


@pytest.mark.behaviour("B-2442")
async def test_rules_of_the_flags_change_from_call_to_call(tmp_path: Path) -> None:
    names = ("a", "a", "x")
    script = [each for name in names for each in (turn(tool("Bash", command=f"touch {name}")), DONE)]
    rules = ({"deny": ["Bash(touch a)"]}, {"deny": ["Bash(touch x)"], "allow": []}, None)
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        for given, there in zip(rules, ([], ["a"], ["a", "x"]), strict=True):
            await wire.ask("apply_flag_settings", settings={"permissions": given})
            wire.say("go")
            await wire.turn()
            assert [name for name in ("a", "x") if (tmp_path / "project" / name).exists()] == there
        wrong: list[Any] = [[], {"deny": "Bash"}, {"deny": [1]}, {"deny": ["Bash("]}, {"defaultMode": "plan"}]
        for each in wrong:
            answer = await wire.answer(wire.request("apply_flag_settings", settings={"permissions": each}))
            assert answer["subtype"] == "error" and "\n" not in answer["error"]
