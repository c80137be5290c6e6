"""How a job that does not come to its end says so: no command line, since its folder is gone."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest

from coder.cli.ci_run import _Kept
from coder.core.events import RunEnded


@pytest.mark.behaviour("B-2541")
def test_a_job_names_no_command_that_would_find_nothing() -> None:
    errors = io.StringIO()
    front = _Kept(io.StringIO(), errors, verbose=True)
    session: Any = SimpleNamespace(spent=SimpleNamespace(cost=0.1))
    front.finish(RunEnded(reason="max_turns", turns=2, error='Too many. Go on with: coder -p -r 0f "go on"'), session)
    assert cast(RunEnded, front.ended).error == "Too many."
    assert errors.getvalue() == "coder: Too many.\n"
