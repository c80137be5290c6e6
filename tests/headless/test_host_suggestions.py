"""What a host may have from a small model beside its session: the next prompt, and what agents are doing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakeapi import RunningApi, fault, rule, running_api, tool
from tests.support.hosted import Hosted, hosted

STALLS = fault("stall", after=2, times="forever")
ASIDE = {"last_user_contains": "<conversation>"}
TALK = rule({"user_regex": "."}, "Shall I run the tests?")


def asides(api: RunningApi, purpose: str) -> int:
    return sum(each.headers.get("x-coder-side-request") == purpose for each in api.exchanges)


async def said(wire: Hosted, *lines: str) -> dict[str, Any]:
    for line in lines:
        wire.say(line)
        found = await wire.result()
    return found


@pytest.mark.behaviour("B-2680")
async def test_the_next_prompt_is_suggested_behind_each_turn_but_the_first(tmp_path: Path) -> None:
    script = {"rules": [rule(ASIDE, '"Yes, run\x1b[2J the tests"', usage={"output_tokens": 1000}), TALK]}
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("initialize", promptSuggestions=True)
        first = await said(wire, "fix <b>the</b> cart")
        wire.say("go on")
        frames = await wire.until(lambda frame: frame["type"] == "prompt_suggestion")
        second = next(frame for frame in frames if frame["type"] == "result")
        suggestion = frames[-1]
        assert "run" in suggestion["suggestion"] and "\x1b" not in json.dumps(suggestion["suggestion"])
        assert suggestion["session_id"] == second["session_id"] and suggestion["uuid"]
        assert frames.index(second) < frames.index(suggestion) and asides(api, "suggestion") == 1
        used = await wire.ask("get_usage")
        assert used["session"]["total_cost_usd"] > second["total_cost_usd"] > first["total_cost_usd"]
        (asked,) = [body for body in api.requests if "<conversation>" in str(body["messages"])]
        assert "haiku" in asked["model"] and "tools" not in asked and "fix <b>the</b> cart" in str(asked)
        rest = await wire.rest()
    assert not [frame for frame in rest if frame["type"] == "prompt_suggestion"]


@pytest.mark.behaviour("B-2680")
@pytest.mark.parametrize("why", ["nobody asked", "setting", "variable", "plan", "failed", "command", "paused", "NONE"])
async def test_none_is_suggested_where_it_makes_no_sense_or_nobody_wants_one(tmp_path: Path, why: str) -> None:
    settings = {
        "setting": {"promptSuggestionEnabled": False},
        "variable": {"promptSuggestionEnabled": True, "env": {"CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false"}},
    }.get(why, {})
    broken = rule({"last_user_contains": "fails"}, "x", fault=fault("status", 400, times="forever"))
    script = {"rules": [rule(ASIDE, "NONE" if why == "NONE" else "Yes."), broken, TALK]}
    async with running_api(script) as api, hosted(tmp_path, api.url, settings=json.dumps(settings)) as wire:
        await wire.ask("initialize", promptSuggestions=why != "nobody asked")
        if why == "paused":
            assert await wire.ask("set_prompt_suggestions_paused", paused=True) == {}
        await said(wire, "first")
        if why == "plan":
            await wire.ask("set_permission_mode", mode="plan")
        await said(wire, "this fails" if why == "failed" else "second")
        if why == "command":  # only the prompt before it has one
            await wire.until(lambda frame: frame["type"] == "prompt_suggestion")
            await said(wire, "/cost")
        rest = await wire.rest()
        assert asides(api, "suggestion") == (why in ("NONE", "command"))
    assert not [frame for frame in rest if frame["type"] == "prompt_suggestion"]


@pytest.mark.behaviour("B-2681")
@pytest.mark.parametrize("how", ["say", "interrupt", "pause", "draft", "clear"])
async def test_what_comes_next_waits_for_no_suggestion(tmp_path: Path, how: str) -> None:
    script = {"rules": [rule(ASIDE, "Too late.", fault=STALLS), TALK]}
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("initialize", promptSuggestions=True)
        await said(wire, "first", "second")
        await wire.streaming(lambda: asides(api, "suggestion") == 1)
        asked = next(each for each in api.exchanges if each.headers.get("x-coder-side-request"))
        if how == "say":
            wire.say("third")
            assert (await wire.result())["subtype"] == "success"
        elif how == "clear":
            await said(wire, "/clear")
        elif how == "interrupt":
            assert await wire.ask("interrupt") == {"still_queued": []}
        elif how == "pause":
            assert await wire.ask("set_prompt_suggestions_paused", paused=True) == {}
        else:
            assert await wire.ask("prompt_draft_activity") == {}
        await wire.streaming(lambda: asked.state == "left")
        if how != "say":
            assert asides(api, "suggestion") == 1
        wrong = await wire.answer(wire.request("set_prompt_suggestions_paused"))
        assert "paused must be true or false" in wrong["error"]
        if how == "say":
            await wire.ask("interrupt")
        rest = await wire.rest()
    assert not [frame for frame in (*wire.seen, *rest) if frame["type"] == "prompt_suggestion"]


@pytest.mark.behaviour("B-2681")
async def test_one_that_is_looked_for_at_the_end_of_the_input_still_comes(tmp_path: Path) -> None:
    script = {"rules": [rule(ASIDE, "Yes.", delay=0.02), TALK]}
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("initialize", promptSuggestions=True)
        wire.say("first")
        wire.say("/cost")
        wire.say("second")
        rest = await wire.rest()
    assert [frame["suggestion"] for frame in rest if frame["type"] == "prompt_suggestion"] == ["Yes."]


@pytest.mark.behaviour("B-2682")
@pytest.mark.parametrize("variable", ["", "1"])
async def test_what_agents_are_doing_is_said_in_a_models_words(tmp_path: Path, variable: str) -> None:
    env = {"CODER_AGENT_SUMMARY_SECONDS": "1", "CLAUDE_CODE_DISABLE_AGENT_PROGRESS_SUMMARIES": variable}
    waits = tool("Bash", command="i=0; while [ ! -e go ] && [ $i -lt 1500 ]; do i=$((i+1)); sleep 0.02; done")
    script = {
        "rules": [
            rule({"last_user_contains": "<steps>"}, "Waiting for the oven"),
            rule({"last_tool": "Bash"}, "Baked."),
            rule({"last_tool": "Agent"}, "Done."),
            rule({"last_user_contains": "fan out"}, tool("Agent", description="bakes", prompt="part one")),
            rule({"user_regex": "^part one"}, waits),
        ]
    }
    async with running_api(script) as api, hosted(tmp_path, api.url, settings=json.dumps({"env": env})) as wire:
        await wire.ask("initialize", agentProgressSummaries=True)
        wire.say("fan out")
        if not variable:
            frames = await wire.until(lambda frame: frame.get("summary") == "Waiting for the oven")
            assert frames[-1]["subtype"] == "task_progress" and frames[-1]["subagent_type"] == "general-purpose"
        else:
            await wire.used("Agent")
        (tmp_path / "project" / "go").touch()
        await wire.result()
        assert asides(api, "progress") == (0 if variable else 1)  # none while nothing has changed
