"""A question that a subagent puts names it, and its "no" ends that agent alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coder.core.messages import ToolUse
from coder.core.requests import PermissionRequest, Reason
from coder.frontends.dialog_lines import question_lines, spoken
from coder.frontends.plan_question import plan_dialog
from tests.support.questions import asked, command, edit


def by_agent(request: PermissionRequest, title: str = "Check the docs") -> PermissionRequest:
    return replace(request, agent="a1", agent_title=title)


def other(name: str, **given: object) -> PermissionRequest:
    return PermissionRequest(ToolUse("t1", name, given), name, (Reason("default", "it"),))


@pytest.mark.behaviour("B-1964")
@pytest.mark.parametrize(
    ("request_", "title"),
    [
        (command("curl docs.example.com"), 'Agent "Check the docs" wants to run this command'),
        (command("rm -rf x", confirm="rm"), 'Agent "Check the docs" wants to do what cannot be undone'),
        (other("WebFetch", url="https://x.org"), 'Agent "Check the docs" wants to fetch this page'),
        (other("mcp__db__query", sql="x"), 'Agent "Check the docs" wants to use query of the server db'),
        (other("Skill", skill="x"), 'Agent "Check the docs" wants to use Skill'),
        (
            edit("Write", "new.py", content="a\n"),
            'Agent "Check the docs" wants to create new.py (new, 1 line, shown above)',
        ),
    ],
)
def test_the_question_names_the_agent(request_: PermissionRequest, title: str) -> None:
    assert asked(by_agent(request_)).title == title
    assert "Agent" not in asked(request_).title
    assert 'Agent "Check the docs"' in "\n".join(spoken(asked(by_agent(request_))))


@pytest.mark.behaviour("B-1964")
def test_no_ends_that_agent_alone_and_says_so() -> None:
    labels = [choice.label for choice in asked(by_agent(command("ls"))).choices]
    assert labels[-1] == "No, and stop this agent"
    assert asked(command("ls")).choices[-1].label == "No, stop here"


@pytest.mark.behaviour("B-1964")
def test_a_title_is_the_models_and_harmless() -> None:
    dialog = asked(by_agent(command("ls"), "x\x1b[2J\n\u202e" + "y" * 200))
    assert len(dialog.title) < 110 and not set("\x1b\n\u202e") & set(dialog.title)
    assert all(len(line) <= 80 for line in question_lines(dialog, 80))
    plan = replace(other("ExitPlanMode", plan="1. go"), agent="a1", agent_title="Plan it")
    assert plan_dialog(plan).title == 'Agent "Plan it" wants to start on this plan (shown above)'
