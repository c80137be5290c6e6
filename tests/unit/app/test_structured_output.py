"""Runs whose answer has to have a form, in a session with a scripted model."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ConfigError, SchemaError
from coder.core.events import AnyEvent, ToolFinished
from coder.core.messages import Json
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import rule, running_api, tool, tool_input, turn
from tests.support.fanout import asks
from tests.support.talks import Talk

FORM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
SCHEMA = json.dumps(FORM)
GOOD, BAD = tool("Submit", n=1), tool("Submit", n="one")


async def ended(root: Path, script: Any, *prompts: str, **flags: Any) -> tuple[list[Any], list[Json]]:
    async with running_api(script) as api:
        session = await Talk.at(root, api.url).open(json_schema=flags.pop("json_schema", SCHEMA), **flags)
        try:
            ends = [await session.prompt(prompt) for prompt in prompts or ("go",)]
        finally:
            await session.aclose()
        return ends, api.requests


@pytest.mark.behaviour("B-2264")
async def test_the_answer_is_handed_in_after_work_with_tools(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="echo 1")), turn("It is one.", GOOD)]
    (end,), requests = await ended(tmp_path, script)
    assert (end.reason, end.turns, end.text, end.handed_in.value) == ("done", 2, '{"n": 1}', {"n": 1})
    names = [each["name"] for each in requests[0]["tools"]]
    assert names[0] == "Submit" and "Bash" in names
    assert requests[0]["tools"][0]["input_schema"] == FORM


@pytest.mark.behaviour("B-2265")
@pytest.mark.parametrize(
    ("replies", "reason", "turns"),
    [
        ([turn(BAD), turn(GOOD)], "done", 2),
        ([turn(BAD), turn(BAD)], "unfit", 2),
        ([turn("I am done."), turn(GOOD)], "done", 2),
        ([turn("I am done."), turn("Really.")], "unfit", 2),
        ([turn("I am done."), turn(BAD), turn(GOOD)], "done", 3),
        ([turn(BAD, GOOD)], "done", 1),
    ],
)
async def test_what_does_not_fit_is_mended_once(tmp_path: Path, replies: list[Json], reason: str, turns: int) -> None:
    (end,), _ = await ended(tmp_path, replies)
    assert (end.reason, end.turns, end.handed_in is not None) == (reason, turns, reason == "done")
    assert reason == "done" or "--json-schema" in end.error


@pytest.mark.behaviour("B-2265")
@pytest.mark.behaviour("B-2608")
async def test_what_does_not_fit_a_pattern_is_mended_too(tmp_path: Path) -> None:
    form = json.dumps({**FORM, "properties": {"n": {"type": "string", "pattern": "^b"}}})
    script = [turn(tool("Submit", n="a")), turn(tool("Submit", n="b"))]
    (end,), requests = await ended(tmp_path, script, json_schema=form)
    assert (end.reason, end.turns, end.handed_in.value) == ("done", 2, {"n": "b"})
    assert "`n`: 'a' does not match '^b'" in str(requests[1]["messages"])


@pytest.mark.behaviour("B-2265")
@pytest.mark.parametrize(("retries", "turns"), [("0", 1), ("2", 3)])
async def test_how_often_it_may_be_mended_can_be_said(tmp_path: Path, retries: str, turns: int) -> None:
    settings = json.dumps({"env": {"MAX_STRUCTURED_OUTPUT_RETRIES": retries}})
    (end,), _ = await ended(tmp_path, [turn(BAD)] * turns, settings=settings)
    assert (end.reason, end.turns) == ("unfit", turns)
    assert end.error == "The answer does not fit --json-schema: `n`: 'one' is not of type 'integer'"


async def test_the_last_turn_that_is_allowed_may_hand_in(tmp_path: Path) -> None:
    (end,), _ = await ended(tmp_path, [turn(GOOD)], max_turns=1)
    assert end.reason == "done"


@pytest.mark.behaviour("B-2271")
async def test_each_run_hands_in_anew_and_requests_begin_the_same(tmp_path: Path) -> None:
    script = [turn(GOOD), turn("Nothing new."), turn(tool("Submit", n=2))]
    (first, second), requests = await ended(tmp_path, script, "one", "two")
    assert (first.handed_in.value, second.handed_in.value) == ({"n": 1}, {"n": 2})
    assert all(each["tools"] == requests[0]["tools"] for each in requests)
    assert all(each["system"] == requests[0]["system"] for each in requests)
    sent = [json.dumps(each["messages"]).replace(', "cache_control": {"type": "ephemeral"}', "") for each in requests]
    assert all(later.startswith(earlier[:-1]) for earlier, later in pairwise(sent))


@pytest.mark.behaviour("B-2271")
@pytest.mark.parametrize(("closing", "turns"), [(turn(tool("Submit", n=2)), 3), (turn("Now it passes."), 4)])
async def test_what_was_handed_in_before_the_check_failed_counts_no_more(
    tmp_path: Path, closing: Json, turns: int
) -> None:
    mends = tool("Write", file_path=str(tmp_path / "project" / "ok"), content="")
    script = [
        turn(tool("Write", file_path=str(tmp_path / "project" / "a"), content="x"), GOOD),
        turn(mends),
        closing,
        turn(tool("Submit", n=2)),
    ]
    async with running_api(
        {"rules": [], "turns": script[: 3 if closing["blocks"][0]["type"] == "tool_use" else 4]}
    ) as api:
        session = await Talk.at(tmp_path, api.url).open(json_schema=SCHEMA, check="test -f ok")
        end = await session.prompt("go")
        await session.aclose()
    assert (end.reason, end.handed_in.value) == ("done", {"n": 2})  # type: ignore[union-attr]  # it handed in


@pytest.mark.behaviour("B-2271")
async def test_who_has_to_hand_in_anew_is_reminded_anew(tmp_path: Path) -> None:
    work = tool("Write", file_path=str(tmp_path / "project" / "a"), content="x")
    mends = tool("Write", file_path=str(tmp_path / "project" / "ok"), content="")
    script = [turn(work), turn("Done."), turn(GOOD), turn(mends), turn("Mended."), turn(tool("Submit", n=2))]
    (end,), _ = await ended(tmp_path, script, check="test -f ok")
    assert (end.reason, end.handed_in.value) == ("done", {"n": 2})


@pytest.mark.behaviour("B-2271")
async def test_what_the_person_says_as_it_is_handed_in_is_answered_first(tmp_path: Path) -> None:
    class Speaking(Recorder):
        def emit(self, event: AnyEvent) -> None:
            super().emit(event)
            if isinstance(event, ToolFinished) and not said:
                said.append("and two?")
                session.steer(said[0])

    said: list[str] = []
    async with running_api([turn(GOOD), turn(tool("Submit", n=2))]) as api:
        front = Speaking(Deny("nobody", nobody=True))
        session = await Talk.at(tmp_path, api.url).open(json_schema=SCHEMA, front=front)
        end = await session.prompt("go")
        await session.aclose()
        assert end.handed_in is not None and end.handed_in.value == {"n": 2}
        assert said[0] in json.dumps(api.requests[1]["messages"][-1])


async def test_who_is_asked_meanwhile_hands_nothing_in_for_the_session(tmp_path: Path) -> None:
    script = {
        "rules": [
            rule({"last_user_contains": "go"}, *asks("part one")),
            rule({"user_regex": "^part"}, "Report."),
            rule({"last_tool": "Agent"}, GOOD),
        ]
    }
    (end,), requests = await ended(tmp_path, script)
    assert end.handed_in.value == {"n": 1}
    assert [any(each["name"] == "Submit" for each in body["tools"]) for body in requests] == [True, False, True]


async def test_a_list_stands_under_a_name_and_is_given_without_it(tmp_path: Path) -> None:
    schema = json.dumps({"type": "array", "items": {"type": "integer"}})
    (end,), _ = await ended(tmp_path, [turn(tool_input("Submit", {"value": [1]}))], json_schema=schema, tools=())
    assert (end.text, end.handed_in.value) == ("[1]", [1])


@pytest.mark.behaviour("B-2263")
@pytest.mark.behaviour("B-2544")
@pytest.mark.parametrize(
    ("flags", "error", "words"),
    [
        ({"json_schema": '{"type": '}, SchemaError, "--json-schema is not a valid JSON Schema: line 1, column 10"),
        ({"json_schema": "[]"}, SchemaError, "it is no JSON object"),
        ({"json_schema": "schema.json"}, SchemaError, '--json-schema "$(cat FILE)"'),
        ({"json_schema": '{"type": "no"}'}, SchemaError, "`type`: 'no' is not valid"),
        ({"json_schema": SCHEMA, "disallowed_tools": ("*",)}, ConfigError, "a deny rule takes Submit away"),
    ],
)
async def test_a_form_that_cannot_be_met_is_found_before_anything_is_sent(
    tmp_path: Path, flags: dict[str, Any], error: type[Exception], words: str
) -> None:
    async with running_api([turn("never")]) as api:
        with pytest.raises(error) as caught:
            await Talk.at(tmp_path, api.url).open(**flags)
        assert words in str(caught.value) and api.exchanges == []


@pytest.mark.behaviour("B-2262")
@pytest.mark.parametrize(
    ("tools", "names", "said"),
    [
        ((), [], []),
        (("KillShell", "Read"), ["Read", "TaskStop"], []),
        (("Read", "LS", "mcp__a"), ["Read"], ["there is no tool LS", "built-in tools only"]),
    ],
)
async def test_only_the_chosen_tools_are_there(
    tmp_path: Path, tools: tuple[str, ...], names: list[str], said: list[str]
) -> None:
    async with running_api([turn("ok")]) as api:
        session = await Talk.at(tmp_path, api.url).open(tools=tools)
        await session.prompt("hi")
        await session.aclose()
        assert [each["name"] for each in api.requests[0].get("tools", [])] == names
        assert len(session.warnings) == len(said)
        assert all(words in warning for words, warning in zip(said, session.warnings, strict=True))
