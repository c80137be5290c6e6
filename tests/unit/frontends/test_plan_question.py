"""The question before a plan: the screen of the design, and what each answer makes of the session's mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.messages import ToolUse
from coder.core.requests import Deny, PermissionRequest
from coder.frontends.dialog import answer
from coder.frontends.dialog_lines import question_lines, spoken
from coder.frontends.plan_question import is_plan, plan_dialog, plan_echo, plan_of
from tests.support.engine import Recorder
from tests.support.fakeapi import running_api, tool, turn
from tests.support.talks import Talk

REQUEST = PermissionRequest(ToolUse("t", "ExitPlanMode", {"plan": "# Greet\n1. Do it."}), "ExitPlanMode Greet", ())


@pytest.mark.behaviour("B-897")
def test_the_question_at_80_columns() -> None:
    assert is_plan(REQUEST) and plan_of(REQUEST) == "# Greet\n1. Do it."
    assert question_lines(plan_dialog(REQUEST, "~/.coder/plans/shop-greet.md"), 80) == [
        "? Start on this plan? (shown above, saved as ~/.coder/plans/shop-greet.md)",
        "",
        "❯ 1 Yes, and accept edits",
        "  2 Yes, and ask before each edit",
        "  3 No, change the plan: say how",
        "  4 No, stay in plan mode",
        "  enter chooses · ctrl+e opens the plan in your editor · esc is 4",
    ]
    assert spoken(plan_dialog(REQUEST))[0] == "question: Start on this plan? (shown above)"


def test_each_answer_leaves_a_row() -> None:
    dialog = plan_dialog(REQUEST)
    said = [plan_echo(answer(dialog, key, "use\nhello") or Deny("?")) for key in ("1", "2", "3", "4", "esc")]
    assert said == [
        "✓ The plan: go, and accept edits",
        "✓ The plan: go, and ask before each edit",
        "✗ The plan: you said: use hello",
        "✗ The plan: not started, plan mode stays on",
        "✗ The plan: not started, plan mode stays on",
    ]


@pytest.mark.behaviour("B-897")
@pytest.mark.parametrize(
    ("key", "mode", "reason", "told"),
    [
        ("1", "acceptEdits", "done", "The plan is approved"),
        ("2", "default", "done", "The plan is approved"),
        ("3", "plan", "done", "use hello"),
        ("4", "plan", "interrupted", ""),
    ],
)
async def test_an_answer_decides_the_mode_and_whether_the_run_goes_on(
    tmp_path: Path, key: str, mode: str, reason: str, told: str
) -> None:
    reply = answer(plan_dialog(REQUEST), key, "use hello")
    assert reply is not None
    async with running_api([turn(tool("ExitPlanMode", plan="1. Do it.")), turn("Then so.")]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=Recorder(reply), permission_mode="plan")
        try:
            ended = await session.prompt("Plan it.")
        finally:
            await session.aclose()
    assert (session.control.mode, ended.reason) == (mode, reason)
    assert told in str(api.requests[-1]["messages"])
