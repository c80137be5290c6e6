"""The Python SDK's hooks: functions of the host that have a word round calls, prompts and the end."""

from __future__ import annotations

import asyncio
from typing import Any

import claude_agent_sdk as sdk
import pytest

from tests.support.fakeapi import fake_api, tool, turn
from tests.support.sdk_stage import Stage, answer, each, prompts, result, results_of_calls

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2302"),
]
Heard = list[tuple[dict[str, Any], str | None]]
TOUCH = [turn(tool("Bash", id="toolu_1", command="touch a")), turn("done")]


def hook(heard: Heard, says: dict[str, Any] | None = None, **matcher: Any) -> sdk.HookMatcher:
    async def hears(given: Any, tool_use_id: str | None, context: Any) -> Any:
        heard.append((given, tool_use_id))
        return says or {}

    return sdk.HookMatcher(hooks=[hears], **matcher)


def decides(decision: str, **more: Any) -> dict[str, Any]:
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": decision, **more}}


async def test_a_call_is_allowed_by_a_hook(stage: Stage) -> None:
    heard: Heard = []
    with fake_api(TOUCH) as api:
        told = await stage.told(api, "go", hooks={"PreToolUse": [hook(heard, decides("allow"), matcher="Bash")]})
    ((given, tool_use_id),) = heard
    assert (given["hook_event_name"], given["tool_name"], given["tool_input"]["command"], tool_use_id) == (
        "PreToolUse",
        "Bash",
        "touch a",
        "toolu_1",
    )
    assert given["session_id"] == result(told).session_id and given["cwd"] == str(stage.place.project)
    assert given["transcript_path"].endswith(".jsonl") and given["permission_mode"] == "default"
    assert (stage.place.project / "a").exists()


async def test_a_call_is_denied_by_a_hook(stage: Stage) -> None:
    says = decides("deny", permissionDecisionReason="never on a Sunday")
    with fake_api(TOUCH) as api:
        told = await stage.told(
            api, "go", hooks={"PreToolUse": [hook([], says, matcher="Bash")]}, allowed_tools=["Bash"]
        )
    assert "never on a Sunday" in results_of_calls(told)[0] and not (stage.place.project / "a").exists()


async def test_a_call_is_changed_by_a_hook(stage: Stage) -> None:
    says = decides("allow", updatedInput={"command": "touch b"})
    with fake_api(TOUCH) as api:
        await stage.told(api, "go", hooks={"PreToolUse": [hook([], says)]})
    assert (stage.place.project / "b").exists() and not (stage.place.project / "a").exists()


async def test_a_hook_may_have_the_person_asked(stage: Stage) -> None:
    asked: list[str] = []

    async def can_use_tool(name: str, given: dict[str, Any], context: Any) -> Any:
        asked.append(name)
        return sdk.PermissionResultDeny(message="no")

    with fake_api(TOUCH) as api:
        await stage.told(
            api,
            prompts("go"),
            hooks={"PreToolUse": [hook([], decides("ask"))]},
            allowed_tools=["Bash(touch *)"],
            can_use_tool=can_use_tool,
        )
    assert asked == ["Bash"] and not (stage.place.project / "a").exists()


async def test_matchers_choose_the_calls(stage: Stage) -> None:
    bash, write, all_of_them = Heard(), Heard(), Heard()
    hooks = [hook(bash, matcher="Bash"), hook(write, matcher="Write|Edit"), hook(all_of_them)]
    with fake_api(TOUCH) as api:
        await stage.told(api, "go", hooks={"PreToolUse": hooks}, allowed_tools=["Bash"])
    assert (len(bash), len(write), len(all_of_them)) == (1, 0, 1)


async def test_after_a_call_the_model_is_told_more(stage: Stage) -> None:
    heard: Heard = []
    says = {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "the file is empty"}}
    with fake_api(TOUCH) as api:
        await stage.told(api, "go", hooks={"PostToolUse": [hook(heard, says)]}, allowed_tools=["Bash"])
    ((given, _),) = heard
    assert given["tool_name"] == "Bash" and "stdout" in given["tool_response"]
    assert "the file is empty" in str(api.requests[1]["messages"])


async def test_a_call_that_failed(stage: Stage) -> None:
    heard: Heard = []
    with fake_api([turn(tool("Bash", command="exit 3")), turn("done")]) as api:
        await stage.told(api, "go", hooks={"PostToolUseFailure": [hook(heard)]}, allowed_tools=["Bash"])
    ((given, _),) = heard
    assert given["hook_event_name"] == "PostToolUseFailure" and "3" in given["error"]


async def test_a_prompt_has_more_to_it(stage: Stage) -> None:
    heard: Heard = []
    says = {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": "today is Sunday"}}
    with fake_api([turn("hi")]) as api:
        await stage.told(api, "which day?", hooks={"UserPromptSubmit": [hook(heard, says)]})
    assert heard[0][0]["prompt"] == "which day?" and "today is Sunday" in str(api.requests[0]["messages"])


async def test_a_prompt_is_kept_back(stage: Stage) -> None:
    says = {"decision": "block", "reason": "not that word"}
    with fake_api([turn("never")]) as api:
        async with stage.client(api, hooks={"UserPromptSubmit": [hook([], says)]}) as client:
            told = await answer(client, "a word")
    assert each(told, sdk.ResultMessage) and api.requests == []


async def test_the_end_is_put_off_once(stage: Stage) -> None:
    heard: Heard = []

    async def stop(given: Any, tool_use_id: str | None, context: Any) -> Any:
        heard.append((given, tool_use_id))
        return {} if given["stop_hook_active"] else {"decision": "block", "reason": "and the tests?"}

    with fake_api([turn("done"), turn("tests, too")]) as api:
        told = await stage.told(api, "go", hooks={"Stop": [sdk.HookMatcher(hooks=[stop])]})
    assert [given["stop_hook_active"] for given, _ in heard] == [False, True]
    assert result(told).result == "tests, too" and "and the tests?" in str(api.requests[1]["messages"])


async def test_a_hook_ends_the_run(stage: Stage) -> None:
    says = {"continue_": False, "stopReason": "enough"}
    with fake_api(TOUCH) as api:
        async with stage.client(api, hooks={"PostToolUse": [hook([], says)]}, allowed_tools=["Bash"]) as client:
            told = await answer(client, "go")
    assert len(api.requests) == 1 and result(told).terminal_reason in ("hook_stopped", "stop_hook_prevented")


async def test_one_that_fails_or_is_late_in_the_gate_blocks_the_call(stage: Stage) -> None:
    async def fails(given: Any, tool_use_id: str | None, context: Any) -> Any:
        raise RuntimeError("out of order")

    with fake_api(TOUCH) as api:
        told = await stage.told(
            api,
            "go",
            hooks={"PreToolUse": [sdk.HookMatcher(hooks=[fails], on_failure="block")]},
            allowed_tools=["Bash"],
        )
    assert not (stage.place.project / "a").exists() and results_of_calls(told)


async def test_hooks_of_a_matcher_are_asked_side_by_side(stage: Stage) -> None:
    both = asyncio.Barrier(2)

    async def meets(given: Any, tool_use_id: str | None, context: Any) -> Any:
        async with asyncio.timeout(20):
            await both.wait()
        return {}

    with fake_api(TOUCH) as api:
        await stage.told(
            api, "go", hooks={"PreToolUse": [sdk.HookMatcher(hooks=[meets, meets])]}, allowed_tools=["Bash"]
        )
    assert (stage.place.project / "a").exists()


async def test_events_of_hooks_are_in_the_stream(stage: Stage) -> None:
    with fake_api(TOUCH) as api:
        told = await stage.told(
            api, "go", hooks={"PreToolUse": [hook([])]}, allowed_tools=["Bash"], include_hook_events=True
        )
    events = [(m.subtype, m.hook_event_name) for m in each(told, sdk.HookEventMessage)]
    assert ("hook_started", "PreToolUse") in events and ("hook_response", "PreToolUse") in events


async def test_the_end_of_a_session(stage: Stage) -> None:
    """Heard where the process goes on; with the last word the SDK stops listening."""
    heard: Heard = []
    with fake_api([turn("hi")]) as api:
        async with stage.client(api, hooks={"SessionEnd": [hook(heard)]}) as client:
            told = await answer(client, "hi")
            await answer(client, "/clear")
    assert [(given["reason"], given["session_id"]) for given, _ in heard] == [("clear", result(told).session_id)]


@pytest.mark.parametrize("event", ["SessionStart", "SubagentStart", "SubagentStop", "PermissionRequest"])
async def test_other_events(stage: Stage, event: str) -> None:
    heard: Heard = []
    turns = [turn(tool("Agent", description="Look", prompt="Look for ALPHA.")), turn("found"), turn("done")]
    wants = [turn(tool("Bash", command="touch a")), turn("done")]
    with fake_api(wants if event == "PermissionRequest" else turns) as api:
        async with stage.client(api, hooks={event: [hook(heard)]}) as client:
            await answer(client, "go")
    assert [given["hook_event_name"] for given, _ in heard] == [event]
