from __future__ import annotations

import pytest

from coder.agent.policies import RepeatedFailure, TurnLimit
from coder.agent.repetition import Repetition
from coder.core.errors import ToolError
from coder.core.events import RunEnded
from coder.core.messages import Json, Text, ToolUse
from tests.support.agents import Engine, prompt
from tests.support.engine import FakeTool, PlayedModel, Reply


def engine(*turns: list[ToolUse], tools: list[FakeTool] | None = None) -> Engine:
    replies = [Reply(tuple(turn), "tool_use") for turn in turns] + [Reply((Text("Done."),))]
    policies = (TurnLimit(40), RepeatedFailure(), Repetition())
    return Engine(PlayedModel(replies), tools or [FakeTool("look"), FakeTool("other")], policies=policies)


def look(number: int, **raw: object) -> ToolUse:
    return ToolUse(f"t{number}", "look", {"command": "git status", **raw})


def notices(made: Engine) -> list[str]:
    return [message.text for message in made.history.messages if message.meta.kind == "reminder"]


async def run(made: Engine) -> RunEnded:
    return await made.agent.run(prompt())


@pytest.mark.behaviour("B-576")
async def test_h16_the_same_call_with_the_same_result_is_pointed_out_then_ends_the_run() -> None:
    made = engine(*([look(number)] for number in range(8)))
    ended = await run(made)
    assert ended.reason == "loop" and ended.turns == 5
    assert ended.error.startswith("The same call gave the same result 5 times: look git status.")
    assert notices(made) == [
        "look git status has given the same result 3 times. Repeating it will not change it: look for another way, "
        "or say what is missing."
    ]


@pytest.mark.behaviour("B-576")
async def test_a_model_that_heeds_the_notice_goes_on() -> None:
    made = engine(*([look(number)] for number in range(4)))
    assert (await run(made)).reason == "done" and len(notices(made)) == 1


def think(number: int, text: str = "Hm.") -> ToolUse:
    return ToolUse(f"h{number}", "Think", {"thought": text})


@pytest.mark.behaviour("B-1271")
async def test_thoughts_are_no_steps_in_a_circle_and_none_out_of_one() -> None:
    tools = [FakeTool("look"), FakeTool("Think", lambda raw: "Noted.")]
    made = engine(*([think(number)] for number in range(12)), tools=tools)
    assert (await run(made)).reason == "done" and notices(made) == []
    turns = [[look(n)] if n % 2 else [think(n, f"Another {n}."), think(n + 100, f"Again {n}.")] for n in range(20)]
    assert ((await run(engine(*turns, tools=tools))).reason) == "loop"


@pytest.mark.behaviour("B-1271")
async def test_thoughts_do_not_hide_a_call_that_fails_again_and_again() -> None:
    def fails(raw: Json) -> str:
        raise ToolError("no such file")

    tools = [FakeTool("other", fails), FakeTool("Think", lambda raw: "Noted.")]
    failing = [[ToolUse(f"t{n}", "other", {"path": "a"}), think(n, f"So {n}.")] for n in range(8)]
    assert (await run(engine(*failing, tools=tools))).reason == "malformed"
    made = engine(*failing[:2], [think(90)], [think(91)], *failing[2:], tools=tools)
    ended = await run(made)
    assert (ended.reason, ended.turns) == ("malformed", 5)


@pytest.mark.behaviour("B-1271")
async def test_failures_of_an_earlier_run_do_not_end_one_that_thinks_first() -> None:
    def fails(raw: Json) -> str:
        raise ToolError("no such file")

    tools = [FakeTool("other", fails), FakeTool("Think", lambda raw: "Noted.")]
    failing = [[ToolUse(f"t{n}", "other", {"path": "a"})] for n in range(3)]
    made = engine(*failing, *([think(n)] for n in range(4)), tools=tools)
    assert (await run(made)).reason == "malformed"
    assert (await run(made)).reason == "done"


@pytest.mark.behaviour("B-576")
async def test_h16_polling_counts_for_nothing() -> None:
    ticks = iter(range(100))
    poll = FakeTool("look", lambda raw: f"{next(ticks)} of 9 done")
    made = engine(*([look(number)] for number in range(9)), tools=[poll])
    assert (await run(made)).reason == "done" and notices(made) == []


@pytest.mark.behaviour("B-576")
async def test_calls_in_between_do_not_hide_a_loop() -> None:
    turns = [[look(n)] if n % 2 else [ToolUse(f"t{n}", "other", {"path": "a"})] for n in range(20)]
    ended = await run(engine(*turns))
    assert ended.reason == "loop" and ended.turns == 9


@pytest.mark.behaviour("B-576")
async def test_a_call_repeated_now_and_then_in_real_work_is_no_loop() -> None:
    turns = []
    for number in range(6):
        turns.append([look(number)])
        turns.append([ToolUse(f"o{number}{n}", "other", {"path": f"{number}{n}"}) for n in range(3)])
    made = engine(*turns)
    assert (await run(made)).reason == "done" and notices(made) == []


@pytest.mark.behaviour("B-576")
@pytest.mark.parametrize("fails", [False, True])
async def test_a_test_that_fails_alike_after_each_new_edit_is_no_loop_but_after_a_failed_one_it_is(fails: bool) -> None:
    def change(raw: Json) -> str:
        if fails:
            raise ToolError("No match.")
        return f"Edited {raw['new_string']}."

    turns = []
    for number in range(7):
        turns.append([ToolUse(f"e{number}", "Edit", {"file_path": "a", "new_string": str(number)})])
        turns.append([look(number)])
    made = engine(*turns, tools=[FakeTool("look"), FakeTool("Edit", change)])
    assert (await run(made)).reason == ("loop" if fails else "done")
    assert bool(notices(made)) == fails


@pytest.mark.behaviour("B-576")
async def test_the_same_two_edits_back_and_forth_are_a_loop() -> None:
    turns = []
    for number in range(14):
        turns.append([ToolUse(f"e{number}", "Edit", {"file_path": "a", "new_string": str(number % 2)})])
        turns.append([look(number)])
    made = engine(*turns, tools=[FakeTool("look"), FakeTool("Edit", lambda raw: f"Edited {raw['new_string']}.")])
    assert (await run(made)).reason == "loop"


@pytest.mark.behaviour("B-576")
async def test_equal_calls_side_by_side_count_once() -> None:
    made = engine([look(number) for number in range(8)])
    assert (await run(made)).reason == "done" and notices(made) == []


async def test_each_run_counts_for_itself() -> None:
    twice = [Reply((look(number),), "tool_use") for number in range(2)] + [Reply((Text("Done."),))]
    made = Engine(PlayedModel(twice * 2), [FakeTool("look")], policies=(Repetition(),))
    assert (await run(made)).reason == "done"
    assert (await run(made)).reason == "done" and notices(made) == []


async def test_failures_still_end_sooner() -> None:
    def fail(raw: Json) -> str:
        raise RuntimeError("no")

    made = engine(*([look(number)] for number in range(8)), tools=[FakeTool("look", fail)])
    ended = await run(made)
    assert ended.reason == "malformed" and ended.turns == 3
