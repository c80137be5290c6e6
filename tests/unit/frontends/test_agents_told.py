"""How front ends without a live screen tell of subagents and workflows: a line each; with -p of problems only."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from coder.core.events import (
    AgentEnded,
    AgentProgressed,
    AnyEvent,
    MessageAdded,
    ModelRetrying,
    Notice,
    PermissionDenied,
    RunStarted,
    StepChanged,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse
from coder.core.requests import Reason
from coder.frontends.spoken.telling import Telling
from coder.frontends.steps import StepsOut
from coder.frontends.text import TextOut
from coder.frontends.workflow_text import step_line
from tests.support.crew import BUSY, begun, over

CALL = ToolUse("toolu_c", "Bash", {"command": "curl docs.example.com"})
DENIED = PermissionDenied(
    agent="a1",
    call=CALL,
    summary="Bash curl docs.example.com",
    reasons=(Reason("mode", "no"),),
    message="a rule says no",
)
OWN = (
    TextDelta(agent="a1", text="I am an agent."),
    MessageAdded(agent="a1", message=Message("assistant", (Text("Not for you."),), Meta(kind="reply"))),
    ToolStarted(agent="a1", call=CALL, summary="Bash curl"),
    ToolFinished(
        agent="a1", call=CALL, result=ToolResult("toolu_c", (Text("page"),)), data=None, summary="1 line", seconds=1.0
    ),
    AgentProgressed(agent="a1", row=BUSY),
    Notice(agent="a1", level="info", text="by the way"),
)


def said(*events: AnyEvent, verbose: bool = False) -> dict[str, str]:
    out, errors, steps = io.StringIO(), io.StringIO(), io.StringIO()
    text, shown = TextOut(out, errors, verbose=verbose), StepsOut(Console(file=steps, width=200), Path("/project"))
    telling = Telling(Path("/project"), Path("/home"), lambda: False)
    spoken: list[str] = []
    for event in events:
        text.emit(event)
        shown.emit(event)
        spoken += telling.lines(event)
    assert out.getvalue() == ""
    return {"text": errors.getvalue(), "steps": steps.getvalue(), "spoken": "\n".join(spoken)}


@pytest.mark.behaviour("B-1969")
def test_a_line_when_one_begins_and_one_when_it_has_ended_and_nothing_of_what_it_says() -> None:
    told = said(begun(), *OWN, over())
    assert told["steps"].splitlines() == [
        '▸ Agent "Find usages" · Explore · claude-haiku-4-5-20251001',
        '✓ Agent "Find usages" · 3 tool calls · 12.4k tokens · 9.4s · 17 routes',
    ]
    assert told["spoken"].splitlines() == [
        "tool: agent Find usages, started",
        "tool: agent Find usages, done in 9.4s, 3 tool calls, 12.4k tokens: 17 routes",
    ]
    assert told["text"] == ""


@pytest.mark.behaviour("B-1968")
def test_text_tells_of_what_went_wrong_with_one_and_of_nothing_else() -> None:
    waits = ModelRetrying(
        agent="a1", attempt=1, max_retries=3, delay=2.0, kind="overloaded", status=529, message="busy"
    )
    failed = over(BUSY, "", "failed", error="The model \x1b[31mstayed\noverloaded.")
    told = said(begun(), *OWN, DENIED, waits, Notice(agent="a1", level="warning", text="odd"), failed)["text"]
    assert told.splitlines() == [
        'coder: not allowed: Agent "Find usages": Bash curl docs.example.com (a rule says no)',
        'coder: waiting for the model: Agent "Find usages": 529 overloaded, try 2 of 4 in 2s',
        'coder: Agent "Find usages": odd',
        'coder: Agent "Find usages" failed: The model stayed overloaded.',
    ]
    background = replace(BUSY, background=True)
    assert said(begun(background), over(background), verbose=True)["text"].startswith('coder: ✓ Agent "Find usages"')


@pytest.mark.behaviour("B-1969")
def test_what_was_denied_to_one_names_it() -> None:
    told = said(begun(), DENIED)
    assert '✗ not allowed: Agent "Find usages": Bash curl docs.example.com: a rule says no' in told["steps"]
    assert told["spoken"].endswith(
        "tool failed: agent Find usages: Bash curl docs.example.com, not run: a rule says no"
    )


@pytest.mark.behaviour("B-1969")
@pytest.mark.parametrize(
    ("event", "line"),
    [
        (over(BUSY, "", "stopped"), "tool failed: agent Find usages, stopped after 9.4s, 3 tool calls, 12.4k tokens"),
        (
            over(BUSY, "", "failed", error="no model"),
            "tool failed: agent Find usages, 3 tool calls, 12.4k tokens: no model",
        ),
        (over(BUSY, resumed=True), "tool: agent Find usages, had ended before: 17 routes"),
    ],
)
def test_how_one_ended_is_read_out(event: AgentEnded, line: str) -> None:
    assert said(begun(), event)["spoken"].splitlines()[1] == line


@pytest.mark.behaviour("B-1967")
def test_a_listener_hears_when_the_model_gets_the_report_of_one_in_the_background() -> None:
    background = replace(BUSY, background=True)
    idle = said(begun(background), over(background, branch="coder/agent-a1"))["spoken"].splitlines()
    assert idle[0].endswith(", started, in the background")
    assert idle[2:] == [
        "note: what it changed is on the branch coder/agent-a1, not merged.",
        "note: the model hears of it with your next message.",
    ]
    run = RunStarted(prompt=Message("user", (Text("go"),)))
    assert said(run, begun(background), over(background))["spoken"].endswith("before its next step.")


def test_the_call_that_asked_for_one_is_not_told_of_once_more() -> None:
    call = ToolUse("toolu_a1", "Agent", {"description": "Find usages"})
    done = ToolFinished(call=call, result=ToolResult("toolu_a1", ()), data=None, summary="17 routes", seconds=9.0)
    told = said(ToolStarted(call=call, summary="Agent Find usages"), begun(), over(), done)["spoken"]
    assert [line.partition(",")[0] for line in told.splitlines()] == ["tool: agent Find usages"] * 2


def test_still_working_counts_the_agents() -> None:
    telling = Telling(Path("/project"), Path("/home"), lambda: False, lambda: 0.0)
    telling.lines(begun())
    telling.lines(begun(replace(BUSY, id="a2")))
    assert telling.still == "still working: 2 agents at work, 0s"
    telling.lines(over())
    assert telling.still == "still working: 1 agent at work, 0s"


@pytest.mark.behaviour("B-1974")
def test_a_step_of_a_workflow_is_a_line_and_with_p_only_where_it_failed() -> None:
    steps = [
        StepChanged(workflow="fix-issue", step="review", state="started", text="2 of 5"),
        StepChanged(workflow="fix-issue", step="review", state="done", text="pass\x1b[2J"),
        StepChanged(workflow="fix-issue", step="work", state="failed", item="a.py", text="exit 1"),
        StepChanged(workflow="fix-issue", step="ship", state="waiting"),
    ]
    told = said(*steps)
    assert told["steps"].splitlines() == [
        "▸ /fix-issue · step review (2 of 5)",
        "✓ /fix-issue · step review · pass\\x1b[2J",
        "✗ /fix-issue · step work, a.py · exit 1 · failed",
        "? /fix-issue · step ship · waits for you",
    ]
    assert told["spoken"].splitlines()[:3] == [
        "tool: workflow fix-issue, step review begins, 2 of 5",
        "tool: workflow fix-issue, step review done, pass\\x1b[2J",
        "tool failed: workflow fix-issue, step work, a.py failed, exit 1",
    ]
    assert told["text"].splitlines() == ["coder: ✗ /fix-issue · step work, a.py · exit 1 · failed"]


@pytest.mark.behaviour("B-2563")
def test_what_the_end_of_the_run_says_no_step_says_before_it() -> None:
    ended = [
        StepChanged(workflow="w", step="a", state="done", text="the answer", is_told_next=True),
        StepChanged(workflow="w", step="b", state="failed", text="exit 1", is_told_next=True),
    ]
    told = said(*ended)
    assert told["steps"].splitlines() == ["✓ /w · step a", "✗ /w · step b · failed"]
    assert told["spoken"].splitlines() == ["tool: workflow w, step a done", "tool failed: workflow w, step b failed"]
    assert told["text"].splitlines() == ["coder: ✗ /w · step b · failed"]
    assert [step_line(each) for each in ended] == ["✓ a", "✗ b"]
