"""What ends in the background of a session that a host talks to: told, and answered by a turn of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import rule, running_api, tool, turn
from tests.support.fanout import GO, fan
from tests.support.hosted import hosted

WAITS = "while [ ! -e go ]; do sleep 0.02; done; echo over; exit 3"


def notices(request: dict[str, object]) -> int:
    return str(request["messages"]).count("<task-notification>")


@pytest.mark.behaviour("B-2460")
async def test_a_command_that_ends_while_nothing_runs_begins_a_turn(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command=WAITS, run_in_background=True)), turn("One."), turn("It failed."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first", origin={"kind": "human"})
        first = (await wire.turn())[-1]
        assert first["origin"] == {"kind": "human"}
        (tmp_path / "project" / "go").touch()
        come = await wire.turn()
        told = next(f for f in come if f.get("subtype") == "task_notification")
        init = next(f for f in come if f.get("subtype") == "init")
        assert come.index(told) < come.index(init) and told["status"] == "failed"
        result = come[-1]
        assert (result["result"], result["origin"]) == ("It failed.", {"kind": "task-notification"})
        assert f"<task-id>{told['task_id']}</task-id>" in str(api.requests[2]["messages"][-1])
        wire.say("second")
        assert "origin" not in await wire.result() and not api.violations
        assert [notices(each) for each in api.requests] == [0, 0, 1, 1]  # once is enough


@pytest.mark.behaviour("B-2460")
async def test_one_that_ends_during_a_turn_is_told_in_it(tmp_path: Path) -> None:
    begins = tool("Bash", command="touch over", run_in_background=True)
    waits = tool("Bash", command="while [ ! -e over ]; do sleep 0.02; done; sleep 0.5")
    script = [turn(begins), turn(waits), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        assert (await wire.result())["result"] == "One."
        assert await wire.close() == 0 and notices(api.requests[-1]) == 1 and len(api.requests) == 3


@pytest.mark.behaviour("B-2461")
async def test_what_was_stopped_or_read_or_ends_behind_the_input_begins_none(tmp_path: Path) -> None:
    script = [
        turn(tool("Bash", command="sleep 999", run_in_background=True)),
        turn("One."),
        turn(tool("Bash", command="true", run_in_background=True), tool("TaskOutput", task_id="b2", block=True)),
        turn("Two."),
        turn(tool("Bash", command="sleep 999", run_in_background=True)),
        turn("Three."),
    ]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.turn()
        assert await wire.ask("stop_task", task_id="b1") == {}
        wire.say("second")
        assert (await wire.result())["result"] == "Two."
        wire.say("third")
        wire.end()
        rest = await wire.rest()
        assert [f["result"] for f in rest if f["type"] == "result"] == ["Three."]
        assert not any(map(notices, api.requests)) and len(api.requests) == len(script)


@pytest.mark.behaviour("B-2711")
async def test_what_an_agent_is_denied_between_two_turns_is_in_the_next_result_alone(tmp_path: Path) -> None:
    waits = rule({"user_regex": "^part"}, tool("Bash", command=WAITS), times=1)
    denied = rule({"last_tool_result_contains": "over"}, tool("Bash", command="touch it"), times=1)
    ends = (rule({"last_tool_result_contains": "works in the background"}, "One."), rule({"last_tool": "Bash"}, "So."))
    more = (rule({"last_user_contains": "<task-notification>"}, "Two."), rule({"last_user_contains": "third"}, "3."))
    script = fan(["part x"], waits, denied, *ends, *more, run_in_background=True)
    settings = '{"permissions": {"deny": ["Bash(touch *)"]}}'
    async with running_api(script) as api, hosted(tmp_path, api.url, settings=settings) as wire:
        wire.say(GO)
        first = await wire.result()
        (tmp_path / "project" / "go").touch()
        second = await wire.result()
        wire.say("third")
        every = [first, second, await wire.result()]
        assert [each["result"] for each in every] == ["One.", "Two.", "3."]
        told = [[call["tool_input"]["command"] for call in each["permission_denials"]] for each in every]
        assert told == [[], ["touch it"], []]
