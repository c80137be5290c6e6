"""A run begins no more agents than the worst case says, whatever they answer."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coder.core.agents import Brief
from coder.workflows.known import Known
from coder.workflows.worst import worst_of
from tests.support.running import Bench
from tests.support.scripted_agents import Said, failed
from tests.unit.workflows.test_wf_worst import workflows

_DEAREST = 120  # agents; each result is written to disk


@pytest.mark.behaviour("B-2047")
@settings(max_examples=30)
@given(st.data())
def test_no_run_begins_more_agents_than_its_worst_case(data: st.DataObject) -> None:
    inner = data.draw(workflows("inner"))
    outer = data.draw(workflows("outer", "inner"))
    worst = worst_of(outer, Known(None, {"inner": inner}))
    assume(worst is not None and worst.asked <= _DEAREST)
    assert worst is not None
    chance = random.Random(data.draw(st.integers(0, 2**32)))

    def script(brief: Brief) -> Said:
        return failed("it died") if chance.random() < 0.1 else {"k": chance.choice("xy")}

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.fresh(script)
        ended = bench.run(outer, {"a": "yes" if chance.random() < 0.7 else ""}, inner)
    assert ended.state in {"done", "failed"} and ended.agents == len(bench.agents.asked)
    assert len(bench.agents.asked) <= worst.asked and bench.agents.peak <= worst.at_once
