from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Decides, Internal, Mode
from coder.tools.plan import EnterPlanMode, EnterPlanModeParams, ExitPlanMode, ExitPlanModeParams, Planning
from tests.support.toolbox import Control, Toolbox, text_of


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    return Toolbox(tmp_path)


@pytest.mark.behaviour("B-341")
async def test_entering_turns_plan_mode_on_and_says_what_it_allows(box: Toolbox) -> None:
    output = await box.call(EnterPlanMode(Planning()))
    assert box.control.mode == "plan"
    assert "ExitPlanMode" in text_of(output)


@pytest.mark.behaviour("B-342")
async def test_an_approved_plan_turns_plan_mode_off(box: Toolbox) -> None:
    box.control = Control("plan")
    output = await box.call(ExitPlanMode(Planning()), plan="# Add a test\n\n1. ...")
    assert box.control.mode == "default"
    assert text_of(output) == "The plan is approved: go ahead."
    assert output.data == {"plan": "# Add a test\n\n1. ...", "isAgent": False}


@pytest.mark.behaviour("B-342")
@pytest.mark.parametrize("before", ["default", "acceptEdits", "dontAsk", "bypassPermissions"])
async def test_the_mode_before_planning_comes_back(box: Toolbox, before: Mode) -> None:
    planning = Planning()
    box.control = Control(before)
    await box.call(EnterPlanMode(planning))
    await box.call(EnterPlanMode(planning))
    await box.call(ExitPlanMode(planning), plan="x")
    assert box.control.mode == before


async def test_a_mode_the_person_has_chosen_meanwhile_stays(box: Toolbox) -> None:
    planning = Planning()
    await box.call(EnterPlanMode(planning))
    box.control.set_mode("acceptEdits")
    await box.call(ExitPlanMode(planning), plan="x")
    assert box.control.mode == "acceptEdits"


async def test_an_empty_plan_is_refused_and_the_mode_stays(box: Toolbox) -> None:
    box.control = Control("plan")
    with pytest.raises(ToolError, match="`plan` is empty"):
        await box.call(ExitPlanMode(Planning()), plan=" \n")
    assert box.control.mode == "plan"


def test_leaving_is_the_persons_decision_and_entering_is_not(box: Toolbox) -> None:
    assert EnterPlanMode(Planning()).access(EnterPlanModeParams(), box.workspace) == Internal()
    leave = ExitPlanMode(Planning())
    assert leave.access(ExitPlanModeParams("x"), box.workspace) == Decides()
    assert leave.summary(ExitPlanModeParams("\n# Add a test\nmore")) == "Add a test"
