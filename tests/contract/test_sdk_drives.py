"""The public Python SDK drives coder unmodified: the shortest way through what tests/online/sdk covers in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import claude_agent_sdk as sdk
import pytest

from coder.config import environment
from coder.core.messages import Json
from coder.frontends.stream_json.turns_said import said_in
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, tool_input, turn
from tests.support.sdk_stage import Stage, answer, result, results_of_calls
from tests.support.sdks import program_in


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.behaviour("B-2300")
@pytest.mark.behaviour("B-2301")
@pytest.mark.behaviour("B-2302")
@pytest.mark.behaviour("B-2303")
@pytest.mark.behaviour("B-2308")
@pytest.mark.behaviour("B-2309")
async def test_one_conversation_with_all_that_a_host_brings(place: Place, tmp_path: Path) -> None:
    """One process: a function of the host, a hook, an answer, an agent, a prompt as written."""
    (place.project / "notes.txt").write_text("wholemeal\n")
    (place.project / ".claude" / "commands").mkdir(parents=True)
    (place.project / ".claude" / "commands" / "knead.md").write_text("---\ndescription: x\n---\nKnead the dough.\n")
    heard: list[str] = []

    @sdk.tool("bake", "Bakes", {"bread": str})
    async def bake(given: dict[str, Any]) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": f"a {given['bread']} bread"}]}

    async def hears(given: Any, tool_use_id: str | None, context: Any) -> Any:
        heard.append(given["tool_name"])
        return {}

    async def permits(name: str, given: dict[str, Any], context: Any) -> Any:
        if name == "Bash":
            return sdk.PermissionResultDeny(message="stop", interrupt=True)
        return sdk.PermissionResultAllow()

    calls = turn(tool_input("mcp__kitchen__bake", {"bread": "rye"}))
    with fake_api([calls, turn("baked"), turn(tool("Bash", command="touch a"))]) as api:
        async with Stage(place, program_in(tmp_path)).client(
            api,
            mcp_servers={"kitchen": sdk.create_sdk_mcp_server("kitchen", tools=[bake])},
            hooks={"PreToolUse": [sdk.HookMatcher(hooks=[hears])]},
            can_use_tool=permits,
            agents={"parrot": sdk.AgentDefinition("Repeats", "You are a parrot.")},
            extra_args={"agent": "parrot"},
            verbatim_prompts=True,
            client_app="bakery/1.0\n",
        ) as client:
            first = await answer(client, "/knead @notes.txt")
            second = await answer(client, "go on")
    assert "a rye bread" in results_of_calls(first)[0] and result(first).result == "baked"
    assert heard == ["mcp__kitchen__bake", "Bash"] and not (place.project / "a").exists()
    assert result(second).terminal_reason == "aborted_tools"
    begun = api.requests[0]
    assert "/knead @notes.txt" in str(begun["messages"]) and "wholemeal" not in str(begun["messages"])
    assert "Knead the dough." not in str(begun["messages"])
    assert "You are a parrot." in str(begun["system"])
    assert api.exchanges[0].headers["user-agent"].endswith(" bakery/1.0")


@pytest.mark.behaviour("B-2308")
@pytest.mark.parametrize(("marks", "is_command"), [({}, True), ({"client_composed": True}, False)])
def test_a_message_says_whether_it_is_taken_as_written(marks: Json, is_command: bool) -> None:
    said = said_in({"type": "user", "message": {"role": "user", "content": "/clear"}, **marks})
    assert (said.is_command, said.is_verbatim) == (is_command, not is_command)


@pytest.mark.behaviour("B-2309")
@pytest.mark.parametrize(
    ("name", "sent"),
    [("bakery/1.0", "bakery/1.0"), ("a\r\nx-evil: 1", "ax-evil: 1"), ("bröt", "brt"), ("x" * 999, "x" * 100)],
)
def test_the_name_of_a_host_is_fit_for_a_header(name: str, sent: str) -> None:
    assert environment.product({"APP": name}, "APP") == sent and environment.product({}, "APP") == ""
