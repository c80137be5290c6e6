from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.fakeapi import fault, rule, running_api, tool, turn
from tests.support.fanout import GO, fan
from tests.support.hosted import Json, hosted, said
from tests.support.talks import texts

STALLS = fault("stall", after=2, times="forever")


@pytest.mark.behaviour("B-2210")
async def test_an_interrupt_is_acknowledged_before_the_result_and_what_is_queued_goes_on(tmp_path: Path) -> None:
    name = str(uuid4())
    rules = [rule({"last_user_contains": "second"}, "Two."), rule({"last_user_contains": "first"}, "-", fault=STALLS)]
    async with running_api({"rules": rules}) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.streaming(lambda: bool(api.requests))
        wire.say("second", uuid=name)
        receipt = wire.request("interrupt")
        come = await wire.turn()
        result = come[-1]
        assert [f["type"] for f in come[-2:]] == ["control_response", "result"]
        assert (await wire.answer(receipt))["response"] == {"still_queued": [name]}
        assert result["subtype"] == "error_during_execution" and result["terminal_reason"] == "aborted_streaming"
        last = await wire.result()
        assert last["result"] == "Two." and last["user_message_uuid"] == name and await wire.close() == 0


@pytest.mark.behaviour("B-2210")
async def test_an_interrupt_may_drop_what_is_queued(tmp_path: Path) -> None:
    names = [str(uuid4()), str(uuid4())]
    async with running_api([turn("Never.", fault=STALLS)]) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.streaming(lambda: bool(api.requests))
        wire.send(said("second", uuid=names[0]), said("/cost", uuid=names[1]))
        assert await wire.ask("interrupt", cancel_queued=True) == {"still_queued": [], "cancelled": names}
        assert (await wire.result())["is_error"]
        assert not await wire.rest() and len(api.requests) == 1


async def test_an_interrupt_while_idle_does_nothing(tmp_path: Path) -> None:
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        assert await wire.ask("interrupt") == {"still_queued": []}
        wire.say("first")
        assert (await wire.result())["result"] == "One."


@pytest.mark.behaviour("B-2211")
async def test_another_model_answers_from_the_next_request_on(tmp_path: Path) -> None:
    script = [turn("One."), turn("Two."), turn("Three.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        init = (await wire.turn())[0]
        assert await wire.ask("set_model", model="haiku") == {}
        wire.say("second")
        second = (await wire.turn())[0]
        assert await wire.ask("set_model", model=None) == {}
        wire.say("third")
        third = (await wire.turn())[0]
        models = [each["model"] for each in api.requests]
        assert [init["model"], second["model"], third["model"]] == models
        assert models[0] == models[2] != models[1] and "haiku" in models[1]
        assert api.context_edits == ["another model"] * 2 and not api.violations


@pytest.mark.behaviour("B-2211")
async def test_another_model_answers_within_a_turn_and_before_the_first(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="sleep 0.3")), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("set_model", model="haiku")
        wire.say("first")
        await wire.used("Bash")
        await wire.ask("set_model", model="default")
        await wire.turn()
        models = [each["model"] for each in api.requests]
        assert "haiku" in models[0] and "haiku" not in models[1] and api.context_edits == ["another model"]


@pytest.mark.behaviour("B-2212")
async def test_another_mode_counts_from_the_next_call_on(tmp_path: Path) -> None:
    script = [turn(tool("Write", file_path=str(tmp_path / "project" / "a"), content="x")), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, permission_mode="default") as wire:
        assert await wire.ask("set_permission_mode", mode="acceptEdits") == {"mode": "acceptEdits"}
        wire.say("first")
        init, *_, result = await wire.turn()
        assert init["permissionMode"] == "acceptEdits" and result["permission_denials"] == []
        assert (tmp_path / "project" / "a").read_text(encoding="utf-8") == "x"
        for mode, why in (("bypassPermissions", "at the start"), ("nope", "acceptEdits"), (7, "acceptEdits")):
            refused = await wire.answer(wire.request("set_permission_mode", mode=mode))
            assert refused["subtype"] == "error" and why in refused["error"]


async def test_what_is_not_known_is_an_error_and_nothing_ends(tmp_path: Path) -> None:
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        for subtype in ("nope", "", "x" * 5000):
            refused = await wire.answer(wire.request(subtype))
            assert refused["subtype"] == "error" and "no control request" in refused["error"]
        unsaid = await wire.answer(wire.request(None))  # type: ignore[arg-type]  # a slip of the host
        assert unsaid["subtype"] == "error" and "request.subtype is missing" in unsaid["error"]
        wire.send({"type": "keep_alive"}, {"type": "control_response"}, {"type": 7}, {"type": "control_request"})
        wire.say("first")
        assert (await wire.result())["result"] == "One."


@pytest.mark.behaviour("B-2213")
async def test_requests_are_answered_while_a_turn_runs_and_after_the_end_of_the_input(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="sleep 0.3")), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.used("Bash")
        await wire.ask("set_permission_mode", mode="plan")
        assert "result" not in {frame["type"] for frame in wire.seen}
        await wire.turn()


@pytest.mark.behaviour("B-2213")
async def test_what_was_asked_before_the_end_of_the_input_is_answered(tmp_path: Path) -> None:
    async def slow(request: Json) -> Json:
        await asyncio.sleep(0.05)
        return {"is": request["is"]}

    async with hosted(tmp_path, "http://127.0.0.1:9", answers={"slow": slow}) as wire:
        name = wire.request("slow", **{"is": 7})
        await wire.rest()
        assert (await wire.answer(name))["response"] == {"is": 7}


@pytest.mark.behaviour("B-2214")
@pytest.mark.parametrize("ends", [True, False])
async def test_what_agents_in_the_background_report_is_a_turn_of_its_own(tmp_path: Path, ends: bool) -> None:
    slow = rule({"user_regex": "^part"}, "Report on part x.", wait=0.3)
    told = rule({"last_user_contains": "<task-notification>"}, "It has reported.")
    launched = rule({"last_tool_result_contains": "works in the background"}, "I go on.")
    script = fan(["part x"], told, slow, launched, run_in_background=True)
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say(GO)
        first = await wire.result()
        assert first["result"] == "I go on."
        if ends:
            wire.end()
        *_, second = await wire.turn()
        assert second["result"] == "It has reported." and second["origin"] == {"kind": "task-notification"}
        tasks = [f["subtype"] for f in wire.seen if f.get("subtype") in ("task_started", "task_notification")]
        assert tasks == ["task_started", "task_notification"] and await wire.close() == 0


@pytest.mark.behaviour("B-2214")
async def test_agents_are_waited_for_no_longer_than_may_be(tmp_path: Path) -> None:
    stalled = rule({"user_regex": "^part"}, "Never.", fault=STALLS)
    told = rule({"last_user_contains": "<task-notification>"}, "It was stopped.")
    launched = rule({"last_tool_result_contains": "works in the background"}, "I go on.")
    (tmp_path / "home" / ".coder").mkdir(mode=0o700, parents=True)
    settings = '{"env": {"CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS": "50"}}'
    (tmp_path / "home" / ".coder" / "settings.json").write_text(settings, encoding="utf-8")
    script = fan(["part x"], told, stalled, launched, run_in_background=True)
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say(GO)
        await wire.result()
        wire.end()
        assert (await wire.result())["result"] == "It was stopped."


async def test_a_message_behind_one_that_waits_never_overtakes_it(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="sleep 0.3")), turn("One."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.used("Bash")
        wire.send(said("/cost"), said("second"))
        results = [(await wire.result())["result"] for _ in range(3)]
        assert results[0] == "One." and "This session" in results[1] and results[2] == "Two."
        assert texts(api.requests[-1])[-1] == "second"


async def test_many_messages_and_requests_at_once_keep_their_order(tmp_path: Path) -> None:
    count = 12
    script = [turn(f"Answer {n}.") for n in range(count)]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        for n in range(count):
            wire.send(said(f"message {n}"))
            wire.request("set_permission_mode", mode="plan" if n % 2 else "default")
        wire.end()
        come = await wire.rest()
        assert [f["result"] for f in come if f["type"] == "result"] == [f"Answer {n}." for n in range(count)]
        assert sum(f["type"] == "control_response" for f in come) == count
