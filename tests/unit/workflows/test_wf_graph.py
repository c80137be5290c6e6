"""The graph of a workflow, and its steps in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.workflows.checking.check import examine
from coder.workflows.graph import escaped, mermaid
from coder.workflows.known import READERS, Known
from coder.workflows.patterns.begin import PATTERNS, begin
from coder.workflows.told import call_of, step_lines
from tests.unit.workflows.written import FIX_ISSUE, workflow

GOLDEN = """\
flowchart TD
  begin(["fix-issue"])
  s1["triage<br/>Explore"]
  s2["answer"]
  s3["repro<br/>gate: pytest -q -x fails<br/>tries again ×2"]
  s4["plan"]
  s5["work<br/>each task ×20, 4 at once<br/>own worktrees, merged in turn"]
  s6["fix"]
  s7["review<br/>reviewer<br/>vote ×3: majority"]
  done(["end"])
  stop(["stop"])
  begin --> s1
  s1 -- "question" --> s2
  s1 -- "bug" --> s3
  s1 -- "else" --> s4
  s2 --> done
  s3 --> s6
  s3 -- "fails" --> stop
  s4 --> s5
  s5 --> s6
  s6 --> s7
  s7 --> done
  s7 -. "until review.verdict == pass, ×4" .-> s6
  s7 -- "never so" --> stop"""


@pytest.mark.behaviour("B-2019")
def test_the_graph_has_every_step_every_way_and_what_bounds_it() -> None:
    assert mermaid(workflow(FIX_ISSUE, "fix-issue")) == GOLDEN


@pytest.mark.behaviour("B-2019")
@given(st.text(max_size=80))
def test_no_text_of_a_file_can_draw(text: str) -> None:
    assert not set(re.sub(r"#\d+;", "", escaped(text))) & set('"<>[](){}|`;&%#\\\n')


def test_shapes_and_conditions_are_marked() -> None:
    found = mermaid(
        workflow(
            "## a\nx\n```step\napprove: Is <it> good?\nwhen: a\n```\n"
            "## b\n```step\nuse: other\n```\n"
            "## c\nx\n```step\nwhen: b\nout: {k: x|y|z}\nroute: {x: a, y: a, z: end}\n```\n"
        )
    )
    assert '  s1{{"a<br/>only if a<br/>asks: Is #60;it#62; good?"}}' in found
    assert '  s2[["b<br/>workflow other"]]' in found
    assert '  s3 -- "x, y" --> s1' in found and '  s3 -- "skipped" --> done' in found


@pytest.mark.behaviour("B-2020")
def test_steps_are_told_in_the_order_in_which_things_happen() -> None:
    found = workflow(FIX_ISSUE, "fix-issue")
    told = {step.name: list(step_lines(found, step)) for step in found.steps}
    assert call_of(found) == "/fix-issue <issue>"
    assert told["triage"] == [
        "an agent (Explore)",
        "is told: Classify this issue: {{issue}}",
        "hands in {kind: bug|feature|question, files: [path]}",
        "by kind: question → answer, bug → repro, else → plan",
    ]
    assert told["repro"][2:] == [
        "runs pytest -q -x, which must fail",
        "if it fails: tries again up to 2 times, then the workflow stops",
        "then fix",
    ]
    assert told["work"][0] == "an agent for each task of plan.tasks, at most 20, 4 at once"
    assert told["work"][2] == "each works in a worktree of its own; their changes are merged one after the other"
    assert told["review"][0] == "3 agents (reviewer) vote on verdict, majority"
    assert told["review"][-1] == "until review.verdict == pass: back to fix, at most 4 times"


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.behaviour("B-2021")
def test_a_file_to_begin_with_has_nothing_wrong(tmp_path: Path, pattern: str) -> None:
    known = Known({"general-purpose": False, **dict.fromkeys(READERS, True)}, {})
    done = examine(begin(tmp_path / "workflows", "team:mine", pattern), "project", known)
    assert not done.problems and done.worst is not None and done.worst.asked <= done.worst.agents
    assert len((tmp_path / "workflows/team/mine.md").read_text().splitlines()) < 40
