"""Subagents on the wire: their messages below the call that asked them, and the life of each as tasks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.events import (
    AgentProgressed,
    AnyEvent,
    MessageAdded,
    PermissionDenied,
    StepChanged,
    StreamEvent,
    ToolStarted,
)
from coder.core.messages import Json, Message, Meta, Text, Thinking, ToolResult, ToolUse
from coder.core.requests import Reason
from coder.frontends.stream_json import convert
from coder.frontends.stream_json.agents import AgentsOut
from tests.support.crew import BUSY, agent_row, begun, over

CALL = ToolUse("toolu_c", "Read", {"file_path": "/p/a.py"})
REPLY = Message("assistant", (Thinking("hm", "sig"), Text("I look."), CALL), Meta(kind="reply", api_id="msg_1"))
RESULT = Message(
    "user", (ToolResult("toolu_c", (Text("x = 1"),)), Text("a note")), Meta(kind="results", tool_data=({"lines": 1},))
)
AT_ALL_TIMES = {"task_id", "session_id", "uuid", "subtype", "type"}


def wire(*events: AnyEvent, forwards: bool = False, **given: object) -> list[Json]:
    out = AgentsOut("s1", forwards=forwards, clock=lambda: 1_700_000_000.5, **given)  # type: ignore[arg-type]  # as it is
    return [shape for event in events for shape in out.shapes(event)]


def kinds(shapes: list[Json]) -> list[str]:
    return [str(each.get("subtype") or each["type"]) for each in shapes]


@pytest.mark.behaviour("B-1970")
def test_calls_and_results_of_one_stand_below_the_call_that_asked_it() -> None:
    _, *shapes = wire(
        begun(), StreamEvent(agent="a1", raw={}), *(MessageAdded(agent="a1", message=each) for each in (REPLY, RESULT))
    )
    assert [each["type"] for each in shapes] == ["assistant", "user"]
    assert {each["parent_tool_use_id"] for each in shapes} == {"toolu_a1"}
    assert [block["type"] for each in shapes for block in each["message"]["content"]] == ["tool_use", "tool_result"]
    assert shapes[1]["tool_use_result"] == {"lines": 1}


@pytest.mark.behaviour("B-1970")
def test_what_one_says_and_thinks_is_given_on_only_where_that_is_asked_for() -> None:
    added = [MessageAdded(agent="a1", message=each) for each in (REPLY, RESULT)]
    _, *shapes = wire(begun(), *added, forwards=True)
    found = [block["type"] for each in shapes for block in each["message"]["content"]]
    assert found == ["thinking", "text", "tool_use", "tool_result", "text"]
    assert {each["parent_tool_use_id"] for each in shapes} == {"toolu_a1"}


@pytest.mark.behaviour("B-2643")
def test_one_that_no_call_asked_is_never_taken_for_the_conversation() -> None:
    added = [MessageAdded(agent=id, message=each) for id in ("a1", "unheard") for each in (REPLY, RESULT)]
    _, *shapes = wire(begun(agent_row(call="")), *added)
    assert [each["parent_tool_use_id"] for each in shapes] == ["a1", "a1", "unheard", "unheard"]


@pytest.mark.behaviour("B-1971")
def test_the_life_of_one() -> None:
    used = ToolStarted(agent="a1", call=CALL, summary="Read a.py")
    waiting = AgentProgressed(agent="a1", row=replace(BUSY, state="waiting", doing="waits for an answer"))
    shapes = wire(begun(), used, AgentProgressed(agent="a1", row=BUSY), waiting, over())
    assert kinds(shapes) == ["task_started", "task_progress", "task_progress", "task_updated", "task_notification"]
    started, progress, _, updated, told = shapes
    assert all(each.keys() >= AT_ALL_TIMES for each in shapes)
    assert updated.keys() == AT_ALL_TIMES | {"patch"}  # as the SDKs' types have it, that alone without the call
    assert all(each["tool_use_id"] == "toolu_a1" for each in shapes if each is not updated)
    assert (started["description"], started["task_type"]) == ("Find usages", "local_agent")
    assert (started["is_backgrounded"], started["spawn_depth"]) == (False, 1)
    assert progress["usage"] == {"total_tokens": 12_400, "tool_uses": 3, "duration_ms": 9_400}
    assert (progress["last_tool_name"], progress["subagent_type"]) == ("Read", "Explore")
    assert progress["summary"] == "reading src/cart.py"
    assert updated["patch"] == {"status": "completed", "end_time": 1_700_000_000_500}
    assert (told["status"], told["summary"], told["output_file"]) == ("completed", "17 routes", "")


@pytest.mark.behaviour("B-1971")
@pytest.mark.parametrize(("state", "patched"), [("failed", "failed"), ("stopped", "killed")])
def test_ends_that_are_no_success(state: str, patched: str) -> None:
    row = replace(BUSY, transcript=Path("/s/agent-a1.jsonl"))
    *_, updated, told = wire(begun(row), over(row, "", state, error="why\x1b[2J" if state == "failed" else ""))  # type: ignore[arg-type]  # each
    assert updated["patch"]["status"] == patched
    assert told["status"] == state and told["output_file"] == "/s/agent-a1.jsonl" and "\x1b" not in told["summary"]


@pytest.mark.behaviour("B-1971")
def test_the_list_of_all_that_runs_in_the_background() -> None:
    row = replace(BUSY, background=True)
    shell = {"task_id": "b1", "task_type": "local_bash", "description": "make"}
    shapes = wire(begun(row), over(row), tasks=lambda: [shell])
    lists = [each["tasks"] for each in shapes if each["subtype"] == "background_tasks_changed"]
    agent = {"task_id": "a1", "task_type": "local_agent", "description": "Find usages"}
    assert lists == [[shell, agent], [shell]]
    assert shapes[0]["is_backgrounded"] is True


EVENTS = st.sampled_from(
    [
        event
        for id in ("a1", "a2")
        for row in (agent_row(id), agent_row(id, background=True), agent_row(id, state="queued"))
        for event in (begun(row), AgentProgressed(agent=id, row=row), over(row), over(row, "", "failed"))
    ]
)


@pytest.mark.behaviour("B-1971")
@given(st.lists(EVENTS, max_size=20))
def test_whatever_comes_each_start_has_one_end_and_no_end_comes_without(events: list[AnyEvent]) -> None:
    out = AgentsOut("s1")
    shapes = [shape for event in events for shape in out.shapes(event)] + list(out.rest())
    open_ = set()
    for each in shapes:
        match each["subtype"]:
            case "task_started":
                assert each["task_id"] not in open_
                open_.add(each["task_id"])
            case "task_notification":
                open_.remove(each["task_id"])
            case "task_progress" | "task_updated":
                assert each["task_id"] in open_
    assert not open_


@pytest.mark.behaviour("B-1972")
def test_what_was_denied_to_one_names_it() -> None:
    denied = PermissionDenied(agent="a1", call=CALL, summary="Read", reasons=(Reason("rule", "no"),), message="no")
    (shape,) = wire(denied)
    assert (shape["subtype"], shape["agent_id"], shape["tool_use_id"]) == ("permission_denied", "a1", "toolu_c")
    assert "agent_id" not in convert.permission_denied("s1", replace(denied, agent="main"))
    by_hook = replace(denied, reasons=(Reason("hook", "no"),))
    assert wire(by_hook) == []


@pytest.mark.behaviour("B-1974")
def test_a_step_of_a_workflow_on_the_wire() -> None:
    event = StepChanged(workflow="fix-issue", step="work", state="done", item="a.py", text="ok\x1b[2J")
    shape = convert.workflow_step("s1", event)
    assert (shape["type"], shape["subtype"]) == ("system", "workflow_step")
    assert {key: shape[key] for key in ("workflow", "step", "state", "item", "text")} == {
        "workflow": "fix-issue", "step": "work", "state": "done", "item": "a.py", "text": "ok\\x1b[2J",
    }  # fmt: skip
