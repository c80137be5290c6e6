"""The workflows that come with coder, and the examples of the docs, as files: right, short, bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.workflows.known import READERS, Known
from coder.workflows.library import Entry, entry_of
from coder.workflows.shelved import SHIPPED
from coder.workflows.workflow import Workflow
from coder.workflows.worst import worst_of
from tests.support.cli import Place

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "workflows"
AGENTS = dict.fromkeys(READERS, True) | {"general-purpose": False}
WORST = {  # agents at most, at once, dollars
    "research": (9, 5, 5),
    "fix-issue": (17, 1, 5),
    "review-deep": (37, 10, 5),
    "migrate": (64, 5, 20),
    "chain": (5, 1, 1),
    "route": (2, 1, 1),
    "parallel": (6, 3, 2),
    "orchestrate": (8, 3, 5),
    "improve": (8, 1, 2),
}


def files() -> list[Path]:
    return [*sorted(SHIPPED.glob("*.md")), *sorted(EXAMPLES.glob("*.md"))]


def entry(file: Path) -> Entry:
    return entry_of(file, Known(AGENTS, {}))


def shipped(name: str) -> Workflow:
    found = entry(SHIPPED / f"{name}.md").workflow
    assert found is not None
    return found


@pytest.mark.behaviour("B-2070")
@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_each_is_right_short_and_bounded(file: Path) -> None:
    checked = entry(file)
    assert checked.checked.problems == ()
    assert checked.workflow is not None and checked.workflow.description
    assert len(file.read_text(encoding="utf-8").splitlines()) < 40
    worst = worst_of(checked.workflow, Known(AGENTS, {}))
    assert worst is not None
    assert (worst.agents, worst.at_once, worst.usd) == WORST[file.stem]
    assert worst.asked <= checked.workflow.limits.agents, "the budget would cut it off"


def test_there_is_one_of_each_and_an_example_for_every_pattern() -> None:
    assert {file.stem for file in files()} == set(WORST)


@pytest.mark.behaviour("B-2071")
def test_a_review_reads_only_and_so_do_those_who_search_for_a_report() -> None:
    review, research, fix = shipped("review-deep"), shipped("research"), shipped("fix-issue")
    assert {step.agent for step in review.steps} <= READERS
    assert [step.agent for step in research.steps if step.each] == ["Explore"]
    assert {step.name: step.agent for step in fix.steps if step.agent} == {
        "triage": "Explore",
        "review": "reviewer",
        "answer": "Explore",
    }


@pytest.mark.behaviour("B-2072")
def test_a_copy_in_the_project_takes_its_place(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    shown = place.coder("workflow", "show", "research").stdout
    file = next(line.split(maxsplit=1)[1] for line in shown.splitlines() if line.startswith("File"))
    assert Path(file) == SHIPPED / "research.md"
    own = place.project / ".coder" / "workflows" / "research.md"
    own.parent.mkdir(parents=True)
    own.write_text(Path(file).read_text(encoding="utf-8").replace("max: 5}", "max: 2}"), encoding="utf-8")
    again = place.coder("workflow", "show", "research").stdout
    assert ".coder/workflows/research.md" in again and "at most 2" in again
