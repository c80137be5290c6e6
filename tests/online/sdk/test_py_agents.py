"""Agents that the Python SDK defines: what is told of them, and runs that go on when one has reported."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import claude_agent_sdk as sdk
import pytest

from coder.core.messages import Json
from tests.support import marked
from tests.support.fakeapi import fake_api, fault, rule, tool, turn
from tests.support.sdk_stage import Stage, answer, each, result, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2304"),
]
BAKER = sdk.AgentDefinition("Bakes", "You are a baker.", tools=["Read"], model="claude-haiku-4-5")


def asks(**more: Any) -> Json:
    return turn(tool("Agent", id="toolu_a", description="Bake", prompt="Bake ALPHA.", subagent_type="baker", **more))


def baker(file: str, **more: Any) -> list[Json]:
    return [
        rule({"last_user_contains": "Bake ALPHA"}, "I look.", tool("Read", file_path=file), times=1, **more),
        rule({"last_tool": "Read"}, "It is baked.", times=1),
    ]


async def test_an_agent_works_and_what_it_does_is_told(stage: Stage) -> None:
    file = stage.place.project / "a.txt"
    file.write_text("flour\n")
    with fake_api({"turns": [asks(), turn("all done")], "rules": baker(str(file))}) as api:
        told = await stage.told(api, "go", agents={"baker": BAKER})
    assert "baker" in system(told, "init")[0]["agents"]
    below = [m for m in each(told, sdk.AssistantMessage) if m.parent_tool_use_id]
    assert [m.parent_tool_use_id for m in below] == ["toolu_a"]
    assert [type(b).__name__ for m in below for b in m.content] == ["ToolUseBlock"]
    (started,) = each(told, sdk.TaskStartedMessage)
    (ended,) = each(told, sdk.TaskNotificationMessage)
    assert (started.task_id, started.tool_use_id, started.task_type) == (ended.task_id, "toolu_a", "local_agent")
    assert ended.status == "completed" and result(told).result == "all done"
    (first, *_) = [r for r in api.requests if "You are a baker." in str(r.get("system"))]
    assert first["model"] == "claude-haiku-4-5" and [t["name"] for t in first["tools"]] == ["Read"]


async def test_what_it_says_is_given_on_where_that_is_asked_for(stage: Stage) -> None:
    file = stage.place.project / "a.txt"
    file.write_text("flour\n")
    with fake_api({"turns": [asks(), turn("all done")], "rules": baker(str(file))}) as api:
        told = await stage.told(api, "go", agents={"baker": BAKER}, forward_subagent_text=True)
    below = [m for m in each(told, sdk.AssistantMessage) if m.parent_tool_use_id]
    assert [b.text for m in below for b in m.content if isinstance(b, sdk.TextBlock)] == ["I look.", "It is baked."]


async def test_one_in_the_background_has_the_run_go_on(stage: Stage) -> None:
    """Hooks keep the channel open: the SDK waits for what the agent's report makes of the run."""
    heard: list[str] = []

    async def hears(given: Any, tool_use_id: str | None, context: Any) -> Any:
        heard.append(given["tool_name"])
        return {}

    rules = [
        rule({"last_user_contains": "Bake ALPHA"}, "It is baked.", wait=0.5, times=1),
        rule({"last_user_contains": "<task-notification>"}, tool("Bash", command="true"), times=1),
        rule({"last_tool": "Bash"}, "all told", times=1),
    ]
    with fake_api({"turns": [asks(run_in_background=True), turn("begun")], "rules": rules}) as api:
        told = await stage.told(
            api, "go", agents={"baker": BAKER}, hooks={"PreToolUse": [sdk.HookMatcher("Bash", [hears])]}
        )
    ends = each(told, sdk.ResultMessage)
    assert ends[-1].result == "all told" and heard == ["Bash"]
    (ended,) = each(told, sdk.TaskNotificationMessage)
    assert ended.status == "completed"
    assert [end.origin and end.origin["kind"] for end in ends[1:]] in ([], ["task-notification"])


async def test_a_task_is_stopped(stage: Stage) -> None:
    rules = [
        rule({"last_user_contains": "Bake ALPHA"}, "x", fault=fault("stall")),
        rule({"last_user_contains": "<task-notification>"}, "it was stopped", times=1),
    ]
    script = {"turns": [asks(run_in_background=True), turn("begun")], "rules": rules}
    with fake_api(script, allow_violations=True) as api:
        async with stage.client(api, agents={"baker": BAKER}) as client:
            told = await answer(client, "go")
            (started,) = each(told, sdk.TaskStartedMessage)
            await client.stop_task(started.task_id)
            told += await answer(client)
    (ended,) = each(told, sdk.TaskNotificationMessage)
    assert (ended.task_id, ended.status) == (started.task_id, "stopped")


async def test_many_definitions_fit(stage: Stage) -> None:
    """More than a command line could hold."""
    agents = {f"agent-{n}": sdk.AgentDefinition(f"Number {n}", "x" * 4000) for n in range(70)}
    with fake_api([turn("hi")]) as api:
        told = await stage.told(api, "hi", agents=agents)
    assert set(agents) <= set(system(told, "init")[0]["agents"])


async def test_the_readers_find_what_an_agent_did(stage: Stage) -> None:
    file = stage.place.project / "a.txt"
    file.write_text("flour\n")
    with fake_api({"turns": [asks(), turn("all done")], "rules": baker(str(file))}) as api:
        told = await stage.told(api, "go", agents={"baker": BAKER})
    session, folder = result(told).session_id, str(stage.place.project)
    (agent,) = sdk.list_subagents(session, folder)
    assert agent == each(told, sdk.TaskStartedMessage)[0].task_id
    said = sdk.get_subagent_messages(session, agent, folder)
    assert [m.type for m in said][-3:] == ["assistant", "user", "assistant"] and said[0].type == "user"
    assert "Bake ALPHA." in str([m.message for m in said if m.type == "user"])


@pytest.mark.behaviour("B-2740")
@pytest.mark.behaviour("B-2751")
async def test_one_brings_a_server_and_what_does_not_count_is_said(stage: Stage) -> None:
    own: dict[str, Any] = {"odd": {"command": sys.executable, "args": [marked.ODD]}}
    definition = replace(BAKER, mcpServers=[own], effort=3)
    rules = [
        rule({"last_user_contains": "Bake ALPHA"}, tool("mcp__odd__echo", text="hello"), times=1),
        rule({"last_tool": "mcp__odd__echo"}, "It is baked.", times=1),
    ]
    said: list[str] = []
    with fake_api({"turns": [asks(), turn("all done")], "rules": rules}) as api:
        told = await stage.told(
            api, "go", agents={"baker": definition}, allowed_tools=["mcp__odd__echo"], stderr=said.append
        )
    assert result(told).result == "all done"
    theirs = [r for r in api.requests if "You are a baker." in str(r.get("system"))]
    assert "mcp__odd__echo" in [each["name"] for each in theirs[0]["tools"]] and "hello" in str(theirs[1]["messages"])
    assert "effort 3 does not count" in "".join(said) + str(told)
