"""Subagents of `coder -p`: what a program that reads along is told of them, and that the run waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, rule, tool, turn

STREAM = ("-p", "go", "--output-format", "stream-json", "--verbose", "--permission-mode", "bypassPermissions")


def asks(title: str, prompt: str, **given: Any) -> Json:
    return tool("Agent", description=title, prompt=prompt, **given)


def of(lines: list[dict[str, Any]], subtype: str) -> list[dict[str, Any]]:
    return [each for each in lines if each.get("subtype") == subtype]


@pytest.mark.behaviour("B-1970")
@pytest.mark.behaviour("B-1971")
@pytest.mark.behaviour("B-1973")
def test_a_stream_tells_of_each_and_its_result_comes_when_all_have_reported(place: Place) -> None:
    (place.project / "a.py").write_text("x = 1\n", encoding="utf-8")
    both = turn(asks("Look at a", "Look for ALPHA."), asks("Watch the build", "Look for BETA.", run_in_background=True))
    rules = [
        rule({"last_user_contains": "Look for ALPHA"}, "I read it.", tool("Read", file_path="a.py"), times=1),
        rule({"last_tool": "Read"}, "a.py says one.", times=1),
        rule({"last_user_contains": "Look for BETA"}, "The build is green.", wait=0.7, times=1),
        rule({"last_user_contains": "<task-notification>"}, "All told.", times=1),
    ]
    with fake_api({"turns": [both, turn("Half told.")], "rules": rules}) as api:
        done = place.coder(*STREAM, url=api.url, env={"CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS": "0"})
    api.check()
    lines, (first, second) = done.lines, of(done.lines, "task_started")
    assert lines[0]["subtype"] == "init" and lines[-1] == done.result and done.result["result"] == "All told."
    started = {each["description"]: each for each in (first, second)}
    alpha, beta = started["Look at a"], started["Watch the build"]
    assert (alpha["is_backgrounded"], beta["is_backgrounded"], alpha["spawn_depth"]) == (False, True, 1)
    calls = {
        block["input"]["description"]: block["id"]
        for each in lines
        if each["type"] == "assistant" and each["parent_tool_use_id"] is None
        for block in each["message"]["content"]
        if block["type"] == "tool_use"
    }
    assert {name: each["tool_use_id"] for name, each in started.items()} == calls
    below = [each for each in lines if each.get("parent_tool_use_id")]
    assert [(each["type"], each["message"]["content"][0]["type"]) for each in below] == [
        ("assistant", "tool_use"),
        ("user", "tool_result"),
    ]
    assert {each["parent_tool_use_id"] for each in below} == {calls["Look at a"]}
    told = {each["task_id"]: each for each in of(lines, "task_notification")}
    assert told.keys() == {alpha["task_id"], beta["task_id"]}
    assert told[alpha["task_id"]]["summary"] == "a.py says one." and told[alpha["task_id"]]["status"] == "completed"
    assert told[beta["task_id"]]["output_file"].endswith(f"/subagents/agent-{beta['task_id']}.jsonl")
    assert [len(each["tasks"]) for each in of(lines, "background_tasks_changed")] == [1, 0]
    used = done.result["modelUsage"].values()
    assert sum(each["outputTokens"] for each in used) > done.result["usage"]["output_tokens"] > 0


@pytest.mark.behaviour("B-1973")
@pytest.mark.behaviour("B-1971")
def test_one_that_takes_too_long_in_the_background_is_stopped_and_the_run_ends(place: Place) -> None:
    begins = turn(asks("Watch it", "Look for BETA.", run_in_background=True))
    rules = [
        rule({"last_user_contains": "Look for BETA"}, "x", fault=fault("stall")),
        rule({"last_user_contains": "<task-notification>"}, "It took too long.", times=1),
    ]
    with fake_api({"turns": [begins, turn("Begun.")], "rules": rules}) as api:
        done = place.coder(*STREAM, url=api.url, env={"CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS": "200"})
    (told,) = of(done.lines, "task_notification")
    assert told["status"] == "stopped" and done.code == 0
    assert done.lines[-1] == done.result and done.result["result"] in ("It took too long.", "Begun.")


@pytest.mark.behaviour("B-1968")
def test_text_is_the_answer_alone_and_what_went_wrong_with_an_agent_is_on_stderr(place: Place) -> None:
    rules = [
        rule({"last_user_contains": "Look for ALPHA"}, "My own words.", tool("Bash", command="npm view x"), times=1),
        rule({"last_tool": "Bash"}, "I may not.", times=1),
    ]
    with fake_api({"turns": [turn(asks("Check the docs", "Look for ALPHA.")), turn("Done.")], "rules": rules}) as api:
        done = place.coder("-p", "go", url=api.url)
    assert done.stdout == "Done.\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith('coder: not allowed: Agent "Check the docs": Bash npm view x (nobody to ask; ')


@pytest.mark.behaviour("B-1970")
@pytest.mark.parametrize("how", ["flag", "variable"])
def test_what_agents_say_is_given_on_where_that_is_asked_for(place: Place, how: str) -> None:
    rules = [rule({"last_user_contains": "Look for ALPHA"}, "My own words.", times=1)]
    more = ("--forward-subagent-text",) if how == "flag" else ()
    env = {"CLAUDE_CODE_FORWARD_SUBAGENT_TEXT": "1"} if how == "variable" else {}
    with fake_api({"turns": [turn(asks("Look", "Look for ALPHA.")), turn("Done.")], "rules": rules}) as api:
        done = place.coder(*STREAM, *more, url=api.url, env=env)
    said = [each for each in done.lines if each.get("parent_tool_use_id")]
    assert [each["message"]["content"][0].get("text") for each in said] == ["My own words."]
