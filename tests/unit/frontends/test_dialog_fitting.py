"""What of a question is told above it where there is little room: nothing is lost, and the choices always fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.messages import ToolUse
from coder.core.requests import Effect, PermissionRequest, Reason
from coder.frontends.dialog import Dialog
from coder.frontends.dialog_fitting import fitted
from coder.frontends.dialog_lines import question_lines
from coder.frontends.dialog_making import Facts, dialog_for

LINES = [f"rm tmp{number}" for number in range(60)]


def question(confirm: str = "") -> Dialog:
    call = ToolUse("call_1", "Bash", {"command": "\n".join(LINES), "description": "tidy up"})
    effects = tuple(Effect("deletes", f"tmp{number}") for number in range(60))
    reasons = (Reason("default", "no rule allows `rm`"),)
    request = PermissionRequest(call, "Bash rm", reasons, effects=effects, confirm=confirm, cwd=Path("/work"))
    return dialog_for(request, Facts(Path("/work"), Path("/home/me"), lambda path: None))


def test_what_fits_is_put_as_it_is() -> None:
    dialog = question()
    assert fitted(dialog, 80, 200) == ([], dialog)


@pytest.mark.parametrize("confirm", ["", "rm"])
@pytest.mark.parametrize(("width", "room"), [(80, 19), (80, 40), (40, 15), (120, 35)])
def test_what_does_not_fit_is_told_above_in_full(width: int, room: int, confirm: str) -> None:
    dialog = question(confirm)
    above, brief = fitted(dialog, width, room)
    rows = question_lines(brief, width)
    assert len(rows) <= room and "(shown above)" in rows[0]
    assert brief.choices == dialog.choices and brief.confirm == confirm
    told = "\n".join((*above, *rows))
    assert all(line in told for line in LINES)
    assert all(f"tmp{number}" in told.split("Deletes", 1)[1] for number in range(60))
    assert "no rule allows" in told
    assert "cannot tell what" not in told
    assert all(len(row) <= width for row in (*above, *rows))
