"""Tools that are functions of the host, over the Python SDK, and what it asks and says of servers."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import claude_agent_sdk as sdk
import pytest

from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.processes import DEADLINE
from tests.support.sdk_stage import Stage, answer, prompts, result, results_of_calls, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2303"),
]
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="  # one pixel
)
ALLOWED = ["mcp__kitchen"]
CALL = turn(tool_input("mcp__kitchen__bake", {"bread": "rye", "minutes": 40}))


def kitchen(baked: list[dict[str, Any]]) -> Any:
    @sdk.tool("bake", "Bakes a bread", {"bread": str, "minutes": int})
    async def bake(given: dict[str, Any]) -> dict[str, Any]:
        baked.append(given)
        return {"content": [{"type": "text", "text": f"a {given['bread']} bread"}]}

    @sdk.tool("burn", "Fails", {})
    async def burn(given: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("all black")

    @sdk.tool("look", "Shows the oven", {}, annotations=sdk.ToolAnnotations(readOnlyHint=True))
    async def look(given: dict[str, Any]) -> dict[str, Any]:
        return {"content": [{"type": "image", "data": PICTURE, "mimeType": "image/png"}]}

    return sdk.create_sdk_mcp_server("kitchen", "1.2.3", tools=[bake, burn, look])


async def test_a_function_of_the_host_is_called(stage: Stage) -> None:
    baked: list[dict[str, Any]] = []
    with fake_api([CALL, turn("done")]) as api:
        told = await stage.told(api, "bake", mcp_servers={"kitchen": kitchen(baked)}, allowed_tools=ALLOWED)
    assert baked == [{"bread": "rye", "minutes": 40}] and "a rye bread" in results_of_calls(told)[0]
    init = system(told, "init")[0]
    assert {"name": "kitchen", "status": "connected"}.items() <= init["mcp_servers"][0].items()
    assert "mcp__kitchen__bake" in init["tools"]
    (sent,) = [each for each in api.requests[0]["tools"] if each["name"] == "mcp__kitchen__bake"]
    assert sent["description"].startswith("Bakes a bread") and set(sent["input_schema"]["properties"]) == {
        "bread",
        "minutes",
    }


async def test_what_a_function_raises_is_told_to_the_model(stage: Stage) -> None:
    with fake_api([turn(tool_input("mcp__kitchen__burn", {})), turn("sorry")]) as api:
        told = await stage.told(api, "burn", mcp_servers={"kitchen": kitchen([])}, allowed_tools=ALLOWED)
    assert "all black" in results_of_calls(told)[0] and result(told).result == "sorry"


async def test_a_picture_of_a_function_reaches_the_model(stage: Stage) -> None:
    with fake_api([turn(tool_input("mcp__kitchen__look", {})), turn("empty")]) as api:
        await stage.told(api, "look", mcp_servers={"kitchen": kitchen([])}, allowed_tools=ALLOWED)
    assert PICTURE in str(api.requests[1]["messages"])


async def test_a_function_needs_permission_as_any_tool(stage: Stage) -> None:
    asked: list[str] = []

    async def no(name: str, given: dict[str, Any], context: Any) -> Any:
        asked.append(name)
        return sdk.PermissionResultDeny(message="not hungry")

    baked: list[dict[str, Any]] = []
    with fake_api([CALL, turn("well then")]) as api:
        told = await stage.told(api, prompts("bake"), mcp_servers={"kitchen": kitchen(baked)}, can_use_tool=no)
    assert asked == ["mcp__kitchen__bake"] and baked == [] and "not hungry" in results_of_calls(told)[0]


async def test_the_status_of_servers(stage: Stage) -> None:
    servers = {
        "kitchen": kitchen([]),
        "gone": {"type": "stdio", "command": sys.executable, "args": ["-c", "raise SystemExit(1)"]},
    }
    with fake_api([turn("hi")]) as api:
        async with stage.client(api, mcp_servers=servers) as client:
            await answer(client, "hi")
            async with asyncio.timeout(DEADLINE):
                status = await client.get_mcp_status()
                while any(each["status"] == "pending" for each in status["mcpServers"]):
                    status = await client.get_mcp_status()
    found = {each["name"]: each for each in status["mcpServers"]}
    assert found["kitchen"]["status"] == "connected" and found["gone"]["status"] == "failed"
    assert found["kitchen"]["serverInfo"] == {"name": "kitchen", "version": "1.2.3"}
    assert {each["name"] for each in found["kitchen"]["tools"]} == {"bake", "burn", "look"}
    assert found["gone"]["error"]


async def test_a_server_is_switched_off_and_on(stage: Stage) -> None:
    with fake_api([turn("hi"), CALL, turn("no"), CALL, turn("yes")]) as api:
        baked: list[dict[str, Any]] = []
        async with stage.client(api, mcp_servers={"kitchen": kitchen(baked)}, allowed_tools=ALLOWED) as client:
            await answer(client, "hi")
            await client.toggle_mcp_server("kitchen", enabled=False)
            (status,) = (await client.get_mcp_status())["mcpServers"]
            assert status["status"] == "disabled"
            await answer(client, "bake")
            assert baked == []
            await client.toggle_mcp_server("kitchen", enabled=True)
            await client.reconnect_mcp_server("kitchen")
            await answer(client, "bake")
            assert len(baked) == 1
            with pytest.raises(Exception, match="nobody"):
                await client.reconnect_mcp_server("nobody")


async def test_only_the_servers_that_were_given(stage: Stage) -> None:
    (stage.place.project / ".mcp.json").write_text('{"mcpServers": {"other": {"command": "false"}}}')
    with fake_api([turn("hi")]) as api:
        told = await stage.told(api, "hi", mcp_servers={"kitchen": kitchen([])}, strict_mcp_config=True)
    assert [each["name"] for each in system(told, "init")[0]["mcp_servers"]] == ["kitchen"]


async def test_servers_of_a_file(stage: Stage) -> None:
    path = stage.place.home / "servers.json"
    path.write_text('{"mcpServers": {"gone": {"command": "/does/not/exist"}}}')
    with fake_api([turn("hi")]) as api:
        told = await stage.told(api, "hi", mcp_servers=path)
    assert [each["name"] for each in system(told, "init")[0]["mcp_servers"]] == ["gone"]
