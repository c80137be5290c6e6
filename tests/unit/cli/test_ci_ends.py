"""How a job that does not come to its end says so: no command line, since its folder is gone."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from coder.cli.ci_job import Job
from coder.cli.ci_run import Outcome, _Kept
from coder.core.events import RunEnded


@pytest.mark.behaviour("B-2541")
def test_a_job_names_no_command_that_would_find_nothing() -> None:
    errors = io.StringIO()
    front = _Kept(io.StringIO(), errors, verbose=True)
    session: Any = SimpleNamespace(spent=SimpleNamespace(cost=0.1))
    front.finish(RunEnded(reason="max_turns", turns=2, error='Too many. Go on with: coder -p -r 0f "go on"'), session)
    assert cast(RunEnded, front.ended).error == "Too many."
    assert errors.getvalue() == "coder: Too many.\n"


@pytest.mark.behaviour("B-2547")
def test_a_fix_that_changed_nothing_says_that_there_is_no_branch_and_the_summary_counts_and_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job("fix", {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}, tmp_path, "", "", "")
    ended = Outcome(code=0, answer="It is right.", error="", session="0f", turns=1, cost=0.002)
    ground: Any = SimpleNamespace(fix=lambda *given: "")
    assert job.told(ground, ended, "", pushes=True)["branch"] == ""
    assert capsys.readouterr().err == "coder: nothing was changed, so there is no branch\n"
    job.tell(ended, (), comments=False, sets_labels=False)
    assert (tmp_path / "summary").read_text("utf-8").endswith("It is right.\n\n1 turn, $0.0020\n")
