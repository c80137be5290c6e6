"""What stands where among the frames of a process that is talked to: receipts, states, ends of agents, ids."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.fakeapi import fault, rule, running_api, tool, turn
from tests.support.fanout import BEHIND, GO, STALLED, STALLS, fan
from tests.support.hosted import Held, Hosted, Json, hosted


def told(frames: list[Json], subtype: str) -> list[Json]:
    return [frame for frame in frames if frame.get("subtype") == subtype]


def answers(wire: Hosted, asked: Json, **response: Any) -> None:
    body = {"subtype": "success", "request_id": asked["request_id"], "response": response}
    wire.send({"type": "control_response", "response": body})


def asks(frame: Json) -> bool:
    return bool(frame["type"] == "control_request")


@pytest.mark.behaviour("B-2640")
async def test_an_interrupt_is_answered_first_then_agents_end_then_comes_the_result(tmp_path: Path) -> None:
    script = fan(["part x"], STALLED, rule(BEHIND, "Never.", fault=STALLS), run_in_background=True)
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say(GO)
        await wire.streaming(lambda: len(api.requests) == 3)
        receipt = wire.request("interrupt")
        come = await wire.turn()
        assert (await wire.answer(receipt))["response"] == {"still_queued": []}
        kinds = [str(frame.get("subtype") or frame["type"]) for frame in come]
        order = [kinds.index(each) for each in ("control_response", "task_notification", "error_during_execution")]
        assert order == sorted(order) and told(come, "task_notification")[0]["status"] == "stopped"
        assert not await wire.rest()


@pytest.mark.behaviour("B-2641")
async def test_a_question_of_an_agent_is_open_whatever_turns_begin_and_end(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("x", encoding="utf-8")
    reads = rule({"user_regex": "^part"}, tool("Read", file_path=str(tmp_path / "outside")), times=1)
    more = rule({"last_user_contains": "and now"}, "Two.")
    rest = (rule({"last_tool": "Read"}, "Report."), rule({"last_user_contains": "<task-notification>"}, "Three."))
    script = fan(["part x"], reads, rule(BEHIND, "One."), more, *rest, run_in_background=True)
    flags: Any = {"permission_mode": "default", "permission_prompt_tool": "stdio"}
    async with running_api(script) as api, hosted(tmp_path, api.url, shows={"states": True}, **flags) as wire:
        wire.say(GO)
        asked = (await wire.until(asks))[-1]
        if not any(frame["type"] == "result" for frame in wire.seen):
            await wire.turn()
        wire.say("and now")
        assert (await wire.result())["result"] == "Two."
        answers(wire, asked, behavior="allow", updatedInput=asked["request"]["input"])
        await wire.until(lambda frame: frame.get("state") == "idle")
        states = [frame["state"] for frame in told(wire.seen, "session_state_changed")]
        assert states[states.index("requires_action") :] == ["requires_action", "idle"]


@pytest.mark.behaviour("B-2642")
async def test_two_messages_of_one_id_have_two_results(tmp_path: Path) -> None:
    name = str(uuid4())
    script = [turn(tool("Bash", command="sleep 0.3")), turn("All are done.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, replays=True) as wire:
        wire.say("first")
        await wire.used("Bash")
        wire.say("second", uuid=name)
        wire.say("third", uuid=name)
        results = [await wire.result() for _ in range(3)]
        assert {each["result"] for each in results} == {"All are done."} and len(api.requests) == 2
        ids = [each["user_message_uuid"] for each in results]
        assert len(set(ids)) == 3 and ids[1] == name
        assert ids == [frame["uuid"] for frame in wire.seen if frame.get("isReplay")]


@pytest.mark.behaviour("B-2644")
@pytest.mark.behaviour("B-2645")
async def test_a_result_has_the_limits_of_models_and_names_no_command_line(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="true")), turn("Never.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, max_turns=1) as wire:
        wire.say("first")
        result = await wire.result()
        assert result["errors"] == ["Reached maximum number of turns (1)."]
        (used,) = result["modelUsage"].values()
        assert used["contextWindow"] == 1_000_000 and used["maxOutputTokens"] == 128_000


@pytest.mark.behaviour("B-2646")
async def test_a_message_is_interrupted_while_its_session_is_opened(tmp_path: Path) -> None:
    opening = Held()
    async with running_api([turn("Two.")]) as api, hosted(tmp_path, api.url, opening=opening) as wire:
        wire.say("first")
        await opening.begun()
        assert await wire.ask("interrupt") == {"still_queued": []}
        opening.goes_on()
        result = await wire.result()
        assert (result["terminal_reason"], result["num_turns"]) == ("aborted_streaming", 0) and not api.requests
        wire.say("second")
        assert (await wire.result())["result"] == "Two."


@pytest.mark.behaviour("B-2647")
async def test_hooks_that_come_while_the_session_is_opened_are_called(tmp_path: Path) -> None:
    opening = Held()
    script = [turn(tool("Bash", command="touch made")), turn("Done.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, opening=opening) as wire:
        wire.say("first")
        await opening.begun()
        name = wire.request("initialize", hooks={"PreToolUse": [{"matcher": "Bash", "hookCallbackIds": ["hook_0"]}]})
        await asyncio.wait_for(wire.ask("set_has_subscribers"), 60)  # so that it has been read
        opening.goes_on()
        asked = (await wire.until(asks))[-1]
        assert asked["request"]["subtype"] == "hook_callback"
        denied = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "No."}
        answers(wire, asked, hookSpecificOutput=denied)
        await wire.turn()
        assert (await wire.answer(name))["response"]["hooks_applied"] is True
        assert not (tmp_path / "project" / "made").exists() and len(api.requests) == 2


@pytest.mark.behaviour("B-2649")
async def test_the_kind_of_a_failure_of_the_api_stands_before_the_result(tmp_path: Path) -> None:
    script = [turn("Two.", fault=fault("status", 401))]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        *_, failed, result = await wire.turn()
        assert (failed["error"], failed["message"]["model"]) == ("authentication_failed", "<synthetic>")
        assert failed["message"]["content"] == [{"type": "text", "text": result["result"]}] and result["is_error"]
        wire.say("second")
        assert (await wire.result())["result"] == "Two." and "API Error" not in str(api.requests[-1])


@pytest.mark.behaviour("B-2648")
async def test_an_interrupt_while_leave_is_asked_for_ends_calls(tmp_path: Path) -> None:
    flags: Any = {"permission_mode": "default", "permission_prompt_tool": "stdio"}
    script = [turn(tool("Bash", command="touch made")), turn("Never.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, **flags) as wire:
        wire.say("first")
        asked = (await wire.until(asks))[-1]
        assert await wire.ask("interrupt") == {"still_queued": []}
        come = await wire.turn()
        cancelled = [frame["request_id"] for frame in wire.seen if frame["type"] == "control_cancel_request"]
        assert cancelled == [asked["request_id"]] and come[-1]["terminal_reason"] == "aborted_tools"
