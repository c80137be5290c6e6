"""The Python SDK's `query()`: one prompt or several, how it ends, and what its options make of it."""

from __future__ import annotations

import gc
import json
from typing import Any

import claude_agent_sdk as sdk
import pytest

from tests.support.fakeapi import fake_api, fault, rule, thinking, tool, turn
from tests.support.sdk_stage import Stage, each, prompts, result, results_of_calls, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2300"),
]


async def test_a_prompt_is_answered(stage: Stage) -> None:
    noise: list[str] = []
    with fake_api([turn("hello there")]) as api:
        told = await stage.told(api, "hi", stderr=noise.append)
    assert [type(m).__name__ for m in told] == ["SystemMessage", "AssistantMessage", "ResultMessage"]
    init, said, end = told
    assert init.subtype == "init" and said.content == [sdk.TextBlock("hello there")]
    assert said.session_id == end.session_id == init.data["session_id"]
    assert (end.subtype, end.is_error, end.result, end.num_turns) == ("success", False, "hello there", 1)
    assert end.total_cost_usd is not None and end.usage["output_tokens"] > 0 and end.model_usage
    assert end.terminal_reason == "completed" and end.stop_reason == "end_turn"
    assert noise == []


async def test_a_tool_is_called(stage: Stage) -> None:
    file = stage.place.project / "a.txt"
    file.write_text("wholemeal\n")
    with fake_api([turn(thinking("hm"), tool("Read", file_path=str(file))), turn("bread")]) as api:
        told = await stage.told(api, "what is in a.txt?")
    (found,) = results_of_calls(told)
    assert "wholemeal" in found
    blocks = [type(b).__name__ for m in each(told, sdk.AssistantMessage) for b in m.content]
    assert blocks == ["ThinkingBlock", "ToolUseBlock", "TextBlock"]
    (answered,) = [m for m in each(told, sdk.UserMessage) if m.tool_use_result is not None]
    assert answered.parent_tool_use_id is None and answered.uuid
    assert (result(told).num_turns, result(told).result) == (2, "bread")


async def test_several_prompts_of_a_stream_have_a_result_each(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two")], allow_violations=True) as api:
        told = await stage.told(api, prompts("first", "second"))
    ends = each(told, sdk.ResultMessage)
    assert [m.result for m in ends][-1] == "two" and not any(m.is_error for m in ends)
    assert len({m.session_id for m in ends}) == 1


async def test_partial_messages(stage: Stage) -> None:
    with fake_api([turn("hello there, how are you today, and what can I do?")]) as api:
        told = await stage.told(api, "hi", include_partial_messages=True)
    events = [m.event for m in each(told, sdk.StreamEvent)]
    assert [e["type"] for e in events if e["type"] != "content_block_delta"] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    text = "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta")
    assert text == "hello there, how are you today, and what can I do?"
    assert told[0].subtype == "init"


async def test_too_many_turns_are_an_error_with_its_reason(stage: Stage) -> None:
    told: list[Any] = []
    again = turn(tool("Read", file_path="a.txt"), repeat="forever")
    with fake_api([again]) as api, pytest.raises(sdk.ResultError, match="maximum number of turns"):
        async for message in sdk.query(prompt="go", options=stage.options(api, max_turns=2)):
            told.append(message)
    assert (result(told).subtype, result(told).terminal_reason) == ("error_max_turns", "max_turns")


async def test_the_budget_ends_a_run(stage: Stage) -> None:
    told: list[Any] = []
    costly = {"input_tokens": 900_000, "output_tokens": 100_000}
    again = turn(tool("Read", file_path="a.txt"), usage=costly, repeat="forever")
    with fake_api([again]) as api, pytest.raises(sdk.ResultError):
        async for message in sdk.query(prompt="go", options=stage.options(api, max_budget_usd=0.5)):
            told.append(message)
    assert (result(told).subtype, result(told).terminal_reason) == ("error_max_budget_usd", "budget_exhausted")


async def test_what_the_api_refuses_is_the_result(stage: Stage) -> None:
    told: list[Any] = []
    refused = turn("never", fault=fault("status", 404, message="model: nope", times="forever"))
    with fake_api([refused]) as api, pytest.raises(sdk.ResultError, match="nope"):
        async for message in sdk.query(prompt="go", options=stage.options(api, model="nope")):
            told.append(message)
    end = result(told)
    assert (end.subtype, end.is_error, end.terminal_reason, end.api_error_status) == ("success", True, "api_error", 404)
    assert [m.error for m in told if isinstance(m, sdk.AssistantMessage)] == ["model_not_found"]


async def test_structured_output(stage: Stage) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
    with fake_api([turn(tool("Submit", sum="many")), turn(tool("Submit", sum=3))]) as api:
        told = await stage.told(api, "add", output_format={"type": "json_schema", "schema": schema})
    assert result(told).structured_output == {"sum": 3} and result(told).subtype == "success"


async def test_the_system_prompt_is_the_one_given(stage: Stage) -> None:
    with fake_api([turn("a"), turn("b"), turn("c"), turn("d")]) as api:
        await stage.told(api, "hi")
        await stage.told(api, "hi", system_prompt="You are a parrot.")
        await stage.told(api, "hi", system_prompt={"type": "preset", "preset": "claude_code", "append": "Be a parrot."})
        (stage.place.project / "p.md").write_text("A parrot in a file.")
        path = str(stage.place.project / "p.md")
        await stage.told(api, "hi", system_prompt={"type": "file", "path": path})
    minimal, own, appended, filed = (json.dumps(request.get("system")) for request in api.requests)
    assert "You are a parrot." in own and len(minimal) < 2000 and len(own) < 2000
    assert "Be a parrot." in appended and len(appended) > len(own) + 1000
    assert "A parrot in a file." in filed and len(filed) < 2000


async def test_tools_are_those_that_were_asked_for(stage: Stage) -> None:
    with fake_api([turn("a"), turn("b"), turn("c"), turn("d")]) as api:
        none = await stage.told(api, "hi", tools=[])
        two = await stage.told(api, "hi", tools=["Read", "Bash"])
        every = await stage.told(api, "hi", tools={"type": "preset", "preset": "claude_code"})
        fewer = await stage.told(api, "hi", disallowed_tools=["Bash"])
    listed = [system(told, "init")[0]["tools"] for told in (none, two, every, fewer)]
    assert listed[0] == [] and sorted(listed[1]) == ["Bash", "Read"]
    assert {"Bash", "Read", "Task"} <= set(listed[2])
    assert set(listed[2]) - set(listed[3]) == {"Bash"}
    sent = [[t["name"] for t in request.get("tools", [])] for request in api.requests]
    assert sent[0] == [] and sorted(sent[1]) == ["Bash", "Read"] and "Bash" not in sent[3]


async def test_what_is_allowed_runs_and_what_is_not_is_denied(stage: Stage) -> None:
    both = [turn(tool("Bash", command="touch a"), tool("Bash", command="touch b")), turn("done")]
    with fake_api(both) as api:
        told = await stage.told(api, "go", allowed_tools=["Bash(touch a)"])
    assert (stage.place.project / "a").exists() and not (stage.place.project / "b").exists()
    (denied,) = result(told).permission_denials or []
    assert (denied["tool_name"], denied["tool_input"]["command"]) == ("Bash", "touch b")


async def test_the_model_and_how_it_thinks(stage: Stage) -> None:
    with fake_api([turn("a"), turn("b"), turn("c")]) as api:
        await stage.told(api, "hi", model="claude-opus-5", effort="max", thinking={"type": "adaptive"}, betas=["x-1"])
        await stage.told(api, "hi", model="claude-sonnet-4-5", thinking={"type": "enabled", "budget_tokens": 2048})
        await stage.told(api, "hi", thinking={"type": "disabled"}, task_budget={"total": 90_000})
    first, second, third = api.requests
    assert first["model"] == "claude-opus-5" and first["thinking"]["type"] == "adaptive"
    assert first["output_config"]["effort"] == "max"
    assert second["thinking"].items() >= {"type": "enabled", "budget_tokens": 2048}.items()
    assert third.get("thinking", {"type": "disabled"})["type"] == "disabled"
    assert third["output_config"]["task_budget"] == {"type": "tokens", "total": 90_000}
    betas = [
        exchange.headers.get("anthropic-beta", "") for exchange in api.exchanges if exchange.path == "/v1/messages"
    ]
    assert "x-1" in betas[0] and "task-budgets-2026-03-13" in betas[2]


async def test_the_fallback_model_takes_over(stage: Stage) -> None:
    busy = rule({"model": "claude-opus-5"}, "never", fault=fault("status", 529, times="forever"))
    quick = {"CLAUDE_CODE_MAX_RETRIES": "1"}
    with fake_api({"rules": [busy], "turns": [turn("from the other")]}) as api:
        told = await stage.told(api, "hi", model="claude-opus-5", fallback_model="claude-sonnet-5", env=quick)
    assert result(told).result == "from the other"
    assert {r["model"] for r in api.requests} == {"claude-opus-5", "claude-sonnet-5"}


@pytest.mark.parametrize("prompt", ["", "-x", "/cost", "with\u2028two\r\nlines", "x" * 300_000])
async def test_any_prompt_has_one_result(stage: Stage, prompt: str) -> None:
    with fake_api([turn("fine")]) as api:
        told = await stage.told(api, prompt)
    assert isinstance(told[-1], sdk.ResultMessage) and len(each(told, sdk.ResultMessage)) == 1


async def test_the_version_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The SDK warns of a program that does not say which it is."""
    with fake_api([turn("fine")]) as api:
        told = await stage.told(api, "hi")
    assert system(told, "init")[0]["claude_code_version"][0].isdigit()
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_extra_arguments_and_the_environment_are_given_on(stage: Stage) -> None:
    with fake_api([turn(tool("Bash", command="echo $COLOUR")), turn("red")]) as api:
        told = await stage.told(
            api,
            "go",
            env={"COLOUR": "crimson"},
            extra_args={"name": "-dashed", "verbose": None},
            allowed_tools=["Bash"],
        )
    assert results_of_calls(told)[0].strip() == "crimson"
    (session,) = sdk.list_sessions(str(stage.place.project))
    assert session.custom_title == "-dashed"


async def test_cut_off_in_the_middle_the_program_ends(stage: Stage) -> None:
    """Whoever leaves the loop has no process left behind."""
    with fake_api([turn("x" * 2000, delay=0.05)], allow_violations=True) as api:
        messages = sdk.query(prompt="go", options=stage.options(api, include_partial_messages=True))
        async for message in messages:
            if isinstance(message, sdk.StreamEvent):
                break
        await messages.aclose()  # type: ignore[attr-defined]  # an async generator, typed as an iterator
    gc.collect()  # while the loop that it ran in is there
    assert each([message], sdk.StreamEvent)
