"""The Python SDK's answers to what needs permission, and what becomes of the rules they bring."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import claude_agent_sdk as sdk
import pytest
from claude_agent_sdk.types import PermissionRuleValue

from tests.support.fakeapi import fake_api, tool, turn
from tests.support.sdk_stage import Stage, answer, each, prompts, result, results_of_calls, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2301"),
]
Asked = list[tuple[str, dict[str, Any], sdk.ToolPermissionContext]]


def answering(asked: Asked, *answers: Any) -> Callable[..., Awaitable[Any]]:
    """Each question has the next answer, and the last one has all that follow."""

    async def can_use_tool(name: str, given: dict[str, Any], context: sdk.ToolPermissionContext) -> Any:
        asked.append((name, given, context))
        return answers[min(len(asked), len(answers)) - 1]

    return can_use_tool


async def test_a_call_is_allowed(stage: Stage) -> None:
    asked: Asked = []
    with fake_api([turn(tool("Bash", id="toolu_1", command="touch a")), turn("done")]) as api:
        told = await stage.told(api, prompts("go"), can_use_tool=answering(asked, sdk.PermissionResultAllow()))
    ((name, given, context),) = asked
    assert (name, given["command"], context.tool_use_id) == ("Bash", "touch a", "toolu_1")
    assert context.suggestions and context.suggestions[0].type == "addRules"
    assert (stage.place.project / "a").exists()
    assert result(told).result == "done" and not result(told).permission_denials


async def test_a_text_prompt_waits_for_answers_too(stage: Stage) -> None:
    asked: Asked = []
    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        told = await stage.told(api, "go", can_use_tool=answering(asked, sdk.PermissionResultAllow()))
    assert len(asked) == 1 and (stage.place.project / "a").exists() and result(told).result == "done"


async def test_a_call_is_denied_and_the_model_told_why(stage: Stage) -> None:
    no = sdk.PermissionResultDeny(message="not on a Sunday")
    with fake_api([turn(tool("Bash", command="touch a")), turn("well then")]) as api:
        told = await stage.told(api, prompts("go"), can_use_tool=answering([], no))
    assert not (stage.place.project / "a").exists()
    assert "not on a Sunday" in results_of_calls(told)[0]
    (denied,) = result(told).permission_denials or []
    assert denied["tool_name"] == "Bash" and denied["tool_input"]["command"] == "touch a"
    assert not result(told).is_error and result(told).result == "well then"


async def test_a_denial_may_end_the_turn(stage: Stage) -> None:
    no = sdk.PermissionResultDeny(message="stop", interrupt=True)
    with fake_api([turn(tool("Bash", command="touch a")), turn("after")]) as api:
        async with stage.client(api, can_use_tool=answering([], no)) as client:
            told = await answer(client, "go")
            assert (result(told).subtype, result(told).terminal_reason) == (
                "error_during_execution",
                "aborted_tools",
            )
            assert len(api.requests) == 1
            assert result(await answer(client, "go on")).result == "after"


async def test_the_input_is_changed(stage: Stage) -> None:
    other = sdk.PermissionResultAllow(updated_input={"command": "touch b"})
    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        await stage.told(api, prompts("go"), can_use_tool=answering([], other))
    assert (stage.place.project / "b").exists() and not (stage.place.project / "a").exists()


async def test_a_callback_that_fails_denies(stage: Stage) -> None:
    async def fails(name: str, given: dict[str, Any], context: Any) -> Any:
        raise RuntimeError("out of order")

    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        told = await stage.told(api, prompts("go"), can_use_tool=fails)
    assert not (stage.place.project / "a").exists() and "out of order" in results_of_calls(told)[0]


async def test_a_rule_for_the_session_spares_the_next_question(stage: Stage) -> None:
    asked: Asked = []
    rule = sdk.PermissionUpdate(
        type="addRules", rules=[PermissionRuleValue("Bash", "touch *")], behavior="allow", destination="session"
    )
    yes = sdk.PermissionResultAllow(updated_permissions=[rule])
    with fake_api([turn(tool("Bash", command="touch a")), turn(tool("Bash", command="touch b")), turn("done")]) as api:
        await stage.told(api, prompts("go"), can_use_tool=answering(asked, yes))
    assert len(asked) == 1 and (stage.place.project / "b").exists()
    assert not (stage.place.project / ".claude").exists() and not (stage.place.project / ".coder").exists()


async def test_a_rule_is_kept_in_the_settings_of_the_project(stage: Stage) -> None:
    asked: Asked = []

    async def keep(name: str, given: dict[str, Any], context: sdk.ToolPermissionContext) -> Any:
        asked.append((name, given, context))
        rule = PermissionRuleValue("Bash", "touch *")
        kept = sdk.PermissionUpdate(type="addRules", rules=[rule], behavior="allow", destination="localSettings")
        return sdk.PermissionResultAllow(updated_permissions=[kept])

    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        await stage.told(api, prompts("go"), can_use_tool=keep)
    written = [json.loads(path.read_text()) for path in stage.place.project.glob(".c*/settings.local.json")]
    assert [settings["permissions"]["allow"] for settings in written] == [["Bash(touch *)"]]


async def test_the_mode_is_changed_by_an_answer(stage: Stage) -> None:
    asked: Asked = []
    mode = sdk.PermissionUpdate(type="setMode", mode="acceptEdits", destination="session")
    yes = sdk.PermissionResultAllow(updated_permissions=[mode])
    first, second = (str(stage.place.project / name) for name in ("a.txt", "b.txt"))
    writes = [turn(tool("Write", file_path=path, content="x\n")) for path in (first, second)]
    with fake_api([*writes, turn("done")]) as api:
        await stage.told(api, prompts("go"), can_use_tool=answering(asked, yes))
    assert [given["file_path"] for _, given, _ in asked] == [first]
    assert (stage.place.project / "b.txt").exists()


async def test_a_folder_is_added_by_an_answer(stage: Stage) -> None:
    other = stage.place.home / "other"
    other.mkdir()
    (other / "a.txt").write_text("wholemeal\n")
    asked: Asked = []
    folder = sdk.PermissionUpdate(type="addDirectories", directories=[str(other)], destination="session")
    yes = sdk.PermissionResultAllow(updated_permissions=[folder])
    (other / "b.txt").write_text("spelt\n")
    reads = [turn(tool("Read", file_path=str(other / name))) for name in ("a.txt", "b.txt")]
    with fake_api([*reads, turn("done")]) as api:
        told = await stage.told(api, prompts("go"), can_use_tool=answering(asked, yes))
    assert len(asked) == 1 and "spelt" in results_of_calls(told)[1]


async def test_questions_of_the_model_are_answered(stage: Stage) -> None:
    question = {
        "question": "Which bread?",
        "header": "Bread",
        "multiSelect": False,
        "options": [{"label": "rye", "description": "dark"}, {"label": "spelt", "description": "light"}],
    }

    async def choose(name: str, given: dict[str, Any], context: Any) -> Any:
        assert name == "AskUserQuestion"
        return sdk.PermissionResultAllow(updated_input={**given, "answers": {"Which bread?": "spelt"}})

    with fake_api([turn(tool("AskUserQuestion", questions=[question])), turn("spelt it is")]) as api:
        told = await stage.told(api, prompts("go"), can_use_tool=choose)
    assert "spelt" in results_of_calls(told)[0] and result(told).result == "spelt it is"


async def test_nobody_is_asked_of_what_rules_allow(stage: Stage) -> None:
    asked: Asked = []
    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        await stage.told(
            api,
            prompts("go"),
            can_use_tool=answering(asked, sdk.PermissionResultDeny()),
            allowed_tools=["Bash(touch *)"],
        )
    assert asked == [] and (stage.place.project / "a").exists()


@pytest.mark.parametrize("mode", ["acceptEdits", "dontAsk", "plan", "default"])
async def test_the_mode_given_at_the_start(stage: Stage, mode: str) -> None:
    path = stage.place.project / "a.txt"
    with fake_api([turn(tool("Write", file_path=str(path), content="x\n")), turn("done")]) as api:
        told = await stage.told(api, "go", permission_mode=mode)
    assert system(told, "init")[0]["permissionMode"] == mode
    assert path.exists() == (mode == "acceptEdits")


async def test_a_server_of_the_host_answers_what_needs_permission(stage: Stage) -> None:
    """`permission_prompt_tool_name`: the tool's text is the answer."""
    asked: list[dict[str, Any]] = []

    @sdk.tool("permit", "Permits", {"tool_name": str, "input": dict, "tool_use_id": str})
    async def permit(given: dict[str, Any]) -> dict[str, Any]:
        asked.append(given)
        allowed = json.dumps({"behavior": "allow", "updatedInput": given["input"]})
        return {"content": [{"type": "text", "text": allowed}]}

    server = sdk.create_sdk_mcp_server("gate", tools=[permit])
    with fake_api([turn(tool("Bash", command="touch a")), turn("done")]) as api:
        await stage.told(
            api, prompts("go"), mcp_servers={"gate": server}, permission_prompt_tool_name="mcp__gate__permit"
        )
    assert [each["tool_name"] for each in asked] == ["Bash"] and (stage.place.project / "a").exists()


async def test_bypassing_is_for_those_who_are_not_root(stage: Stage) -> None:
    """Root may not bypass what is asked, unless in a sandbox: then the reason is the error."""
    with fake_api([turn("hi")], allow_violations=True) as api:
        try:
            told = await stage.told(api, "go", permission_mode="bypassPermissions", env={"IS_SANDBOX": "1"})
        except sdk.ProcessError as error:
            assert error.exit_code
        else:
            assert each(told, sdk.ResultMessage)
